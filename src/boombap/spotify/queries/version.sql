-- The version is in a comment, written after everything else of its schema.
SELECT
    coalesce(
        substring(
            obj_description(to_regclass('{path.spotify_matches}'), 'pg_class') FROM 'boombap spotify schema (\d+)'
        )::integer,
        0
    ) AS version,
    '{current}'::text AS schema,
    coalesce(has_schema_privilege('{current}'::text, 'CREATE'), false) AS may_create,
    (
        SELECT bool_and(pg_has_role(class.relowner, 'USAGE'))
        FROM pg_class AS class
        WHERE class.oid IN (
            to_regclass('{path.spotify_matches}'),
            to_regclass('{path.spotify_tracks}'),
            to_regclass('{path.spotify_dead_letters}'),
            to_regclass('{path.spotify_leases}')
        )
    ) AS may_alter,
    to_regclass('{path.tracks}') IS NOT NULL AS has_tracks,
    current_user AS role,
    -- A superuser who writes into another role's table runs its triggers with all rights.
    (SELECT string_agg(class.relname || ' of the role ' || owner.rolname, ', ' ORDER BY class.relname)
     FROM (VALUES
         (to_regclass('{path.spotify_artists}')), (to_regclass('{path.spotify_albums}')),
         (to_regclass('{path.spotify_tracks}')), (to_regclass('{path.spotify_matches}')),
         (to_regclass('{path.spotify_dead_letters}')), (to_regclass('{path.spotify_leases}')),
         (to_regclass('{path.spotify_cooldowns}')), (to_regclass('{path.spotify_quarantine}')),
         (to_regclass('{path.spotify_runs}'))
     ) AS ours (id)
     JOIN pg_class AS class ON class.oid = ours.id
     JOIN pg_namespace AS place ON place.oid = class.relnamespace
     JOIN pg_roles AS owner ON owner.oid = class.relowner
     JOIN pg_roles AS me ON me.rolname = current_user
     JOIN pg_database AS database ON database.datname = current_database()
     WHERE me.rolsuper AND NOT owner.rolsuper AND owner.oid NOT IN (place.nspowner, database.datdba)) AS foreign_tables
