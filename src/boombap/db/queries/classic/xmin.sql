-- Who keeps the oldest snapshot: a session, a slot or a prepared transaction.
SELECT kind, name, age
  FROM (SELECT 'session' AS kind, pid::text AS name, age(backend_xmin) AS age
          FROM pg_stat_activity WHERE backend_xmin IS NOT NULL AND application_name <> current_setting('application_name')
         UNION ALL
        SELECT 'replication slot', slot_name::text, greatest(age(xmin), age(catalog_xmin))
          FROM pg_replication_slots WHERE coalesce(xmin, catalog_xmin) IS NOT NULL
         UNION ALL
        SELECT 'prepared transaction', gid, age(transaction) FROM pg_prepared_xacts) AS holders
 ORDER BY age DESC, kind, name
 LIMIT 1
