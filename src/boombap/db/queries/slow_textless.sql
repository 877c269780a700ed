-- The same as slow, without texts: the server converts those of all databases, and refuses where one cannot be (42883, 22P05).
-- Needs no right.
SELECT queryid::text AS id, query, calls, total_time AS total_ms, mean_time AS mean_ms, rows,
       shared_blks_hit AS hits, shared_blks_read AS reads
  FROM {extension.pg_stat_statements.pg_stat_statements}(false)
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
 ORDER BY total_time DESC
 LIMIT 500
