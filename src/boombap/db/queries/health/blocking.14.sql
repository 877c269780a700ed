-- Every backend in a chain of lock waits and whom each one waits for, from pg_locks and pg_blocking_pids(); no right
-- needed, without pg_monitor the state, query and transaction age of other roles are NULL.
-- pg_locks.waitstart (PostgreSQL 14) is NULL for an instant after a wait begins.
WITH waiting AS MATERIALIZED (
    SELECT l.pid,
           min(l.waitstart) AS wait_start,
           string_agg(
               DISTINCT coalesce(quote_ident(n.nspname) || '.' || quote_ident(c.relname), l.locktype), ', '
           ) AS waits_for,
           string_agg(DISTINCT l.mode, ', ') AS mode
    FROM pg_catalog.pg_locks AS l
    LEFT JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = current_database()
    LEFT JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND d.oid IS NOT NULL
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE NOT l.granted
    GROUP BY l.pid
),
blocked AS MATERIALIZED (
    SELECT w.*, pg_blocking_pids(w.pid) AS blocked_by FROM waiting AS w
),
involved AS (
    SELECT b.pid FROM blocked AS b
    UNION
    SELECT unnest(b.blocked_by) FROM blocked AS b
)
SELECT i.pid,
       coalesce(b.blocked_by, '{}') AS blocked_by,
       b.waits_for,
       b.mode,
       extract(epoch FROM clock_timestamp() - b.wait_start)::float8 AS wait_s,
       a.usename::text AS user_name,
       a.application_name AS application,
       a.state,
       -- Cut in Python: here a statement of a database of another encoding would be an error (22021).
       a.query,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS transaction_s
FROM involved AS i
LEFT JOIN blocked AS b ON b.pid = i.pid
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = i.pid
ORDER BY i.pid
