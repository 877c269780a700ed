-- B-tree indexes whose columns are the first columns of another one, from pg_index; no right needed.
-- Only without expressions; operator classes, collations, order and predicate must agree.
WITH plain AS MATERIALIZED (
    SELECT i.indexrelid, i.indrelid, i.indnatts, i.indnkeyatts, i.indisunique, i.indisreplident, i.indexprs,
           i.indkey::text AS keys, i.indclass::text AS classes, i.indcollation::text AS collations,
           i.indoption::text AS options, i.indpred,
           n.nspname, c.relname, c.relkind, t.relname AS table_name,
           c.relpages::int8 * current_setting('block_size')::int8 AS size_bytes,
           count(*) OVER (PARTITION BY i.indrelid, i.indkey[0]) AS alike
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname = 'btree'
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE i.indisvalid
      AND NOT c.relispartition
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
)
SELECT DISTINCT ON (short.size_bytes, short.indexrelid)
       format('%I.%I', short.nspname, short.relname) AS subject,
       format('%I.%I', short.nspname, short.table_name) AS table_name,
       format('%I.%I', long.nspname, long.relname) AS covered_by,
       short.relkind = 'I' AS is_partitioned,
       short.size_bytes,
       long.size_bytes AS covering_bytes
FROM plain AS short
JOIN plain AS long
    ON long.indrelid = short.indrelid
    AND long.indnatts > short.indnatts
    AND long.keys LIKE short.keys || ' %'
    AND (long.classes || ' ') LIKE short.classes || ' %'
    AND (long.collations || ' ') LIKE short.collations || ' %'
    AND (long.options || ' ') LIKE short.options || ' %'
    AND regexp_replace(long.indpred::text, ':location -?\d+', '', 'g')
        IS NOT DISTINCT FROM regexp_replace(short.indpred::text, ':location -?\d+', '', 'g')
WHERE short.alike > 1
  AND long.alike > 1
  AND NOT short.indisunique
  AND NOT short.indisreplident
  AND short.indnatts = short.indnkeyatts
  AND short.indexprs IS NULL
ORDER BY short.size_bytes DESC, short.indexrelid, long.size_bytes, long.indexrelid
