-- Settings that endanger data or contradict each other, as the server has them (not this session), and those that wait
-- for a restart; no right needed. Sizes come in bytes.
SELECT s.name,
       s.reset_val AS value,
       CASE s.unit WHEN '8kB' THEN 8192 WHEN 'kB' THEN 1024 WHEN 'MB' THEN 1048576 WHEN 'B' THEN 1 END
       * CASE WHEN s.unit IN ('8kB', 'kB', 'MB', 'B') THEN s.reset_val::float8 END AS size_bytes,
       s.source,
       s.pending_restart AS is_pending
FROM pg_catalog.pg_settings AS s
WHERE s.pending_restart
   OR s.name IN (
       'fsync', 'full_page_writes', 'autovacuum', 'track_counts', 'synchronous_commit', 'zero_damaged_pages',
       'max_connections', 'work_mem', 'effective_cache_size', 'shared_buffers', 'random_page_cost', 'seq_page_cost',
       'min_wal_size', 'max_wal_size', 'password_encryption', 'enable_seqscan', 'enable_indexscan', 'enable_hashjoin',
       'enable_nestloop', 'enable_mergejoin', 'enable_sort'
   )
ORDER BY s.name
