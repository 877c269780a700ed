-- What every other step wants to know first. Needs no right; settings that only pg_monitor may read are NULL without it.
SELECT current_setting('server_version_num')::int AS version_num,
       current_setting('server_version') AS version,
       current_database()::text AS database,
       current_user::text AS "user",
       pg_backend_pid() AS backend_pid,
       pg_is_in_recovery() AS is_replica,
       role.rolsuper AS is_superuser,
       role.rolsuper OR pg_has_role(current_user, 'pg_monitor', 'USAGE') AS can_monitor,
       CASE WHEN role.rolsuper OR pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')
            THEN current_setting('shared_preload_libraries') END AS preloaded,
       (SELECT json_object_agg(extname, extversion) FROM pg_extension) AS extensions,
       (SELECT json_object_agg(extname, extnamespace::regnamespace::text)
          FROM pg_extension
         WHERE NOT has_schema_privilege(extnamespace, 'USAGE')) AS closed_extensions,
       (SELECT json_object_agg(relation, names)
          FROM (SELECT team.relation, json_agg(attribute.attname) AS names
                  FROM (VALUES ('tracks', to_regclass('{path.tracks}')),
                               ('analysis_results', to_regclass('{path.analysis_results}')),
                               ('ml_features', to_regclass('{path.ml_features}')),
                               ('dataset_versions', to_regclass('{path.dataset_versions}'))) AS team (relation, id)
                  JOIN pg_attribute AS attribute ON attribute.attrelid = team.id
                 WHERE attribute.attnum > 0 AND NOT attribute.attisdropped
                 GROUP BY team.relation) AS tables) AS columns,
       CASE WHEN has_database_privilege(current_database(), 'CONNECT')
            THEN pg_database_size(current_database()) END AS size_bytes,
       current_setting('max_connections')::int AS max_connections,
       current_setting('server_encoding') AS encoding,
       extract(epoch FROM now() - (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()))::float8
           AS stats_age_s,
       extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS uptime_s
  FROM pg_roles AS role
 WHERE role.rolname = current_user
