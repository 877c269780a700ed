-- Foreign keys whose columns no index of the referencing table starts with, in any order; no right needed.
-- A partial index counts only if it leaves out nothing but NULL, which no referenced row can equal.
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       quote_ident(f.conname) AS constraint_name,
       f.confrelid::regclass::text AS referenced,
       c.relkind = 'p' AS is_partitioned,
       greatest(c.reltuples, 0)::int8 AS table_rows,
       c.relpages::int8 * current_setting('block_size')::int8 AS size_bytes,
       (
           SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.position)
           FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, position)
           JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.attnum
       ) AS columns
FROM pg_catalog.pg_constraint AS f
JOIN pg_catalog.pg_class AS c ON c.oid = f.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE f.contype = 'f'
  -- Partitions repeat the constraint of their parent.
  AND f.conparentid = 0
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (
      SELECT 1
      FROM pg_catalog.pg_index AS i
      JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
      JOIN pg_catalog.pg_am AS m ON m.oid = x.relam AND m.amname IN ('btree', 'hash')
      WHERE i.indrelid = f.conrelid
        AND i.indisvalid
        AND (i.indpred IS NULL OR i.indpred::text LIKE '{NULLTEST :arg {VAR % :nulltesttype 1 %')
        AND i.indnkeyatts >= cardinality(f.conkey)
        AND (i.indkey::int2[])[0:cardinality(f.conkey) - 1] @> f.conkey
  )
ORDER BY table_rows DESC, subject, constraint_name
