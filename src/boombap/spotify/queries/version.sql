-- The version stands in a comment, written after everything else of its schema.
SELECT
    coalesce(
        substring(
            obj_description(to_regclass('{path.spotify_matches}'), 'pg_class') FROM 'boombap spotify schema (\d+)'
        )::integer,
        0
    ) AS version,
    '{current}'::text AS schema,
    coalesce(has_schema_privilege('{current}'::text, 'CREATE'), false) AS may_create,
    to_regclass('{path.tracks}') IS NOT NULL AS has_tracks,
    current_user AS role
