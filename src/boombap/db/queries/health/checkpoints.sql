-- Checkpoints by the clock and by demand since the statistics were reset, from pg_stat_bgwriter; no right needed.
SELECT b.checkpoints_timed::int8 AS timed,
       b.checkpoints_req::int8 AS requested,
       extract(epoch FROM clock_timestamp() - b.stats_reset)::float8 AS stats_age_s,
       pg_size_bytes(current_setting('max_wal_size'))::int8 AS max_wal_bytes
FROM pg_catalog.pg_stat_bgwriter AS b
