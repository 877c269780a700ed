-- Indexes that a failed CREATE INDEX or REINDEX CONCURRENTLY left behind, from pg_index; no right needed.
-- One under construction shows by its builder's lock: without pg_monitor the progress view gives only the pid.
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       format('%I.%I', n.nspname, t.relname) AS table_name,
       i.indisready AS is_ready,
       i.indisunique AS is_unique,
       c.relkind = 'I' AS is_partitioned,
       c.relname ~ '_cc(new|old)\d*$' AS is_leftover,
       c.relpages::int8 * current_setting('block_size')::int8 AS size_bytes
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
      SELECT 1
      FROM pg_catalog.pg_stat_progress_create_index AS p
      JOIN pg_catalog.pg_locks AS l ON l.pid = p.pid
      WHERE l.relation = i.indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted
  )
ORDER BY subject
