-- Every client session but those of this run.
SELECT coalesce(state, 'hidden') AS state,
       coalesce(usename::text, '(none)') AS "user",
       coalesce(nullif(application_name, ''), '(unnamed)') AS application,
       coalesce(host(client_addr), 'local socket') AS address,
       coalesce(datname::text, '(none)') AS database
  FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND usesysid IS NOT NULL AND application_name <> current_setting('application_name')
