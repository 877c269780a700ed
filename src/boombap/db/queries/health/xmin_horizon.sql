-- Who keeps VACUUM from removing dead rows: backends, replication slots, prepared transactions; no right needed.
SELECT held.kind,
       held.holder,
       quote_literal(held.holder) AS holder_literal,
       held.pid,
       age(held.xmin)::int8 AS age_xids
FROM (
    SELECT 'backend' AS kind, 'pid ' || a.pid AS holder, a.pid, a.backend_xmin AS xmin
    FROM pg_catalog.pg_stat_activity AS a
    WHERE a.pid <> pg_backend_pid()
    UNION ALL
    SELECT 'slot', s.slot_name::text, NULL, s.xmin
    FROM pg_catalog.pg_replication_slots AS s
    UNION ALL
    SELECT 'prepared', p.gid, NULL, p.transaction
    FROM pg_catalog.pg_prepared_xacts AS p
) AS held
WHERE held.xmin IS NOT NULL
ORDER BY age_xids DESC, held.kind, held.holder
LIMIT 1
