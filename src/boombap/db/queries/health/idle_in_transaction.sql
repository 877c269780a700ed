-- Sessions that hold a transaction open and do nothing, from pg_stat_activity; needs pg_monitor for other roles.
SELECT a.pid,
       a.usename::text AS user_name,
       a.datname::text AS database,
       a.application_name AS application,
       a.state,
       extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS idle_s,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_s,
       -- Cut in Python: here a statement of a database of another encoding would be an error (22021).
       a.query AS last_query
FROM pg_catalog.pg_stat_activity AS a
WHERE a.state LIKE 'idle in transaction%'
  AND a.pid <> pg_backend_pid()
ORDER BY a.state_change
LIMIT 20
