-- What every version says about itself to any role.
SELECT current_setting('server_version_num')::int AS version_num,
       current_setting('server_version') AS version,
       current_database()::text AS database,
       current_user::text AS "user",
       pg_backend_pid() AS backend_pid,
       pg_is_in_recovery() AS is_replica,
       coalesce(CASE WHEN role.rolsuper OR pg_has_role('pg_read_all_settings', 'USAGE')
            THEN string_to_array(replace(nullif(current_setting('shared_preload_libraries'), ''), ' ', ''), ',')
            END, ARRAY[]::text[]) AS preloaded,
       (SELECT coalesce(json_object_agg(extname, extversion), '{{}}') FROM pg_extension) AS extensions,
       (SELECT coalesce(json_object_agg(extname, extnamespace::regnamespace::text), '{{}}')
          FROM pg_extension
         WHERE NOT has_schema_privilege(extnamespace, 'USAGE')) AS closed_extensions,
       role.rolsuper AS is_superuser,
       role.rolsuper OR pg_has_role('pg_monitor', 'USAGE') AS can_monitor,
       current_setting('max_connections')::int AS max_connections,
       current_setting('server_encoding') AS encoding,
       CASE WHEN has_database_privilege(current_database(), 'CONNECT')
            THEN pg_database_size(current_database()) END AS size_bytes,
       extract(epoch FROM now() - (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()))::float8
           AS stats_age_s,
       extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS uptime_s
  FROM pg_roles AS role
 WHERE role.rolname = current_user
