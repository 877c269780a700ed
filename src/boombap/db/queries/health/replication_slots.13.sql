-- Replication slots and the WAL each one keeps, from pg_replication_slots; no right needed.
SELECT s.slot_name::text AS subject,
       quote_literal(s.slot_name) AS slot_literal,
       s.slot_type,
       s.database::text AS database,
       s.active AS is_active,
       s.wal_status AS wal_status,
       s.safe_wal_size::int8 AS safe_wal_bytes,
       current_setting('max_slot_wal_keep_size') <> '-1' AS is_limited,
       pg_wal_lsn_diff(
           CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn
       )::int8 AS kept_bytes
FROM pg_catalog.pg_replication_slots AS s
WHERE NOT s.temporary
ORDER BY kept_bytes DESC NULLS LAST, subject
