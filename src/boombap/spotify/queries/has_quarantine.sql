SELECT
    to_regclass('{path.spotify_quarantine}') IS NOT NULL AS has_quarantine,
    '{current}'::text AS schema,
    coalesce(has_schema_privilege('{current}'::text, 'CREATE'), false) AS may_create,
    current_user AS role
