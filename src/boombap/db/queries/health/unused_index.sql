-- Indexes that no scan has used, and how much their tables were used otherwise; no right needed.
-- Left out: what enforces a rule (unique, constraint), marks row identity, serves a foreign key or belongs to the index
-- of a partitioned table. Scans of unique indexes do not count as use: foreign key checks and ON CONFLICT make them.
WITH idle AS MATERIALIZED (
    SELECT i.indexrelid, i.indrelid, n.nspname, c.relname, t.relname AS table_name,
           t.reltuples::int8 AS table_rows,
           c.relpages::int8 * current_setting('block_size')::int8 AS size_bytes
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'i'
      AND NOT c.relispartition
      AND NOT (i.indisunique OR i.indisexclusion OR i.indisreplident)
      AND i.indisvalid
      AND t.reltuples >= 1000
      AND pg_stat_get_numscans(i.indexrelid) = 0
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
      AND NOT EXISTS (
          SELECT 1 FROM pg_catalog.pg_constraint AS f
          WHERE f.conrelid = i.indrelid AND f.contype = 'f' AND i.indkey[0] = ANY (f.conkey)
      )
)
SELECT format('%I.%I', d.nspname, d.relname) AS subject,
       format('%I.%I', d.nspname, d.table_name) AS table_name,
       d.table_rows,
       d.size_bytes,
       pg_stat_get_numscans(d.indrelid) AS sequential_scans,
       others.scans AS other_index_scans,
       others.indexes AS other_indexes,
       others.in_use AS others_in_use
FROM idle AS d
CROSS JOIN LATERAL (
    SELECT coalesce(sum(pg_stat_get_numscans(o.indexrelid)), 0)::int8 AS scans,
           count(*)::int8 AS indexes,
           -- Ten scans: fewer may be a person's try, or this tool's.
           count(*) FILTER (WHERE pg_stat_get_numscans(o.indexrelid) >= 10)::int8 AS in_use
    FROM pg_catalog.pg_index AS o
    WHERE o.indrelid = d.indrelid AND o.indexrelid <> d.indexrelid AND NOT o.indisunique
) AS others
ORDER BY d.size_bytes DESC, subject
