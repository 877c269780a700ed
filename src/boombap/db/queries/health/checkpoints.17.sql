-- Checkpoints by the clock and by demand since the statistics were reset, from pg_stat_checkpointer (PostgreSQL 17);
-- no right needed.
SELECT c.num_timed::int8 AS timed,
       c.num_requested::int8 AS requested,
       extract(epoch FROM clock_timestamp() - c.stats_reset)::float8 AS stats_age_s,
       pg_size_bytes(current_setting('max_wal_size'))::int8 AS max_wal_bytes
FROM pg_catalog.pg_stat_checkpointer AS c
