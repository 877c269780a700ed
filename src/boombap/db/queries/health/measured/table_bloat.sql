-- Free space and dead rows of large tables, measured by pgstattuple_approx(), which reads only pages that are not visible
-- to all; needs pgstattuple and EXECUTE on it (pg_stat_scan_tables, which pg_monitor has). Left out: what the estimate
-- calls sound, and beyond five tables or 1 GiB a table, for which reading may take seconds.
SELECT format('%%I.%%I', l.nspname, l.relname) AS subject,
       m.approx_tuple_count::int8 AS table_rows,
       m.table_len AS size_bytes,
       m.table_len - m.approx_free_space::int8 - m.dead_tuple_len AS needed_bytes,
       true AS is_measured
FROM (
    SELECT c.oid, n.nspname, c.relname
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm')
      -- 50 MB: nothing smaller can waste what the judge reports.
      AND c.relpages BETWEEN 6401 AND 131072
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
      AND format('%%I.%%I', n.nspname, c.relname) <> ALL (%(sound)s::text[])
    ORDER BY c.relpages DESC, c.oid
    LIMIT 5
) AS l
CROSS JOIN LATERAL {extension.pgstattuple.pgstattuple_approx}(l.oid::regclass) AS m
