-- Client connections by state and source; this run's own are left out, and those that still log in. Without pg_monitor the state of other roles' sessions is hidden (NULL).
SELECT coalesce(state, 'hidden') AS state,
       coalesce(usename::text, '(none)') AS "user",
       coalesce(nullif(application_name, ''), '(unnamed)') AS application,
       coalesce(host(client_addr), 'local socket') AS address,
       coalesce(datname::text, '(none)') AS database,
       count(*) AS sessions,
       max(CASE WHEN state <> 'idle' THEN extract(epoch FROM clock_timestamp() - xact_start) END)::float8
           AS oldest_transaction_s,
       max(CASE WHEN state = 'active' THEN extract(epoch FROM clock_timestamp() - query_start) END)::float8
           AS longest_query_s
  FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND usesysid IS NOT NULL AND application_name <> current_setting('application_name')
 GROUP BY 1, 2, 3, 4, 5
 ORDER BY sessions DESC, 1, 2, 3, 4
