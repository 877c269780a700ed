-- How far each standby is behind this server, from pg_stat_replication, and, on a standby, how far this server is
-- behind what it received; needs pg_monitor.
SELECT 'standby' AS kind,
       coalesce(nullif(r.application_name, ''), 'standby') || coalesce(' at ' || host(r.client_addr), '') AS subject,
       r.state,
       pg_wal_lsn_diff(
           CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, r.replay_lsn
       )::int8 AS lag_bytes,
       extract(epoch FROM r.replay_lag)::float8 AS lag_s,
       false AS is_paused
FROM pg_catalog.pg_stat_replication AS r
WHERE r.state IN ('streaming', 'catchup')
UNION ALL
SELECT 'here',
       'this standby',
       CASE WHEN EXISTS (SELECT 1 FROM pg_catalog.pg_stat_wal_receiver) THEN 'streaming' ELSE 'disconnected' END,
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::int8,
       -- An idle primary sends no commits: what was received and replayed is not late, however old it is.
       CASE
           WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
           ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
       END::float8,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END
WHERE pg_is_in_recovery()
ORDER BY 2
