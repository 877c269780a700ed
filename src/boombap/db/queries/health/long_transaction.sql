-- Client transactions at work, oldest first, from pg_stat_activity; needs pg_monitor for those of other roles.
SELECT a.pid,
       a.usename::text AS user_name,
       a.datname::text AS database,
       a.application_name AS application,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_s,
       -- Cut in Python: here a statement of a database of another encoding would be an error (22021).
       a.query
FROM pg_catalog.pg_stat_activity AS a
WHERE a.backend_type = 'client backend'
  AND a.state NOT LIKE 'idle%'
  AND a.xact_start IS NOT NULL
  AND a.pid <> pg_backend_pid()
ORDER BY a.xact_start
LIMIT 20
