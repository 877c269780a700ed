-- The version stands in a comment, written after everything else of its schema.
SELECT
    coalesce(
        substring(obj_description(to_regclass('spotify_matches'), 'pg_class') FROM 'boombap spotify schema (\d+)')::integer,
        0
    ) AS version,
    current_schema() AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
    to_regclass('tracks') IS NOT NULL AS has_tracks,
    current_user AS role
