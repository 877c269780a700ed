-- Statements by total time, from pg_stat_statements. Needs pg_monitor for the texts of other roles.
SELECT queryid::text AS id, query, calls, total_time AS total_ms, mean_time AS mean_ms, rows,
       shared_blks_hit AS hits, shared_blks_read AS reads
  FROM {extension.pg_stat_statements.pg_stat_statements}
 WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
 ORDER BY total_time DESC
 LIMIT 500
