-- Tables of 10 MB or more without a primary key, partitions counted with their table, and a unique index that can become
-- one; no right needed. Left out: tables of an extension.
SELECT format('%I.%I', n.nspname, t.relname) AS subject,
       greatest(t.reltuples, 0)::int8 AS table_rows,
       t.relkind = 'p' AS is_partitioned,
       pages.total * current_setting('block_size')::int8 AS size_bytes,
       (
           SELECT quote_ident(x.relname)
           FROM pg_catalog.pg_index AS i
           JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
           JOIN pg_catalog.pg_am AS m ON m.oid = x.relam AND m.amname = 'btree'
           WHERE i.indrelid = t.oid
             AND t.relkind = 'r'
             AND i.indisunique AND i.indisvalid AND i.indimmediate
             AND i.indpred IS NULL AND i.indexprs IS NULL
             -- ADD PRIMARY KEY USING INDEX takes no other order, and none that serves a constraint already.
             AND 0 = ALL (i.indoption::int2[])
             AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint AS c WHERE c.conindid = i.indexrelid)
             AND NOT EXISTS (
                 SELECT 1
                 FROM unnest(i.indkey::int2[]) AS k (attnum)
                 JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.attnum
                 WHERE NOT a.attnotnull
             )
           ORDER BY i.indnkeyatts, i.indexrelid
           LIMIT 1
       ) AS unique_index,
       (
           SELECT min(wanted.name)
           FROM (VALUES ('id'), ('row_id'), ('row_number_id')) AS wanted (name)
           WHERE NOT EXISTS (
               SELECT 1 FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = t.oid AND a.attname = wanted.name
           )
       ) AS free_column
FROM pg_catalog.pg_class AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
CROSS JOIN LATERAL (
    SELECT CASE
               WHEN t.relkind = 'r' THEN t.relpages::int8
               ELSE (
                   SELECT coalesce(sum(p.relpages), 0)::int8
                   FROM pg_partition_tree(t.oid) AS tree
                   JOIN pg_catalog.pg_class AS p ON p.oid = tree.relid
               )
           END AS total
) AS pages
WHERE t.relkind IN ('r', 'p')
  AND NOT t.relispartition
  AND (t.relkind = 'p' OR t.relpages >= 1280)
  AND pages.total >= 1280
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i WHERE i.indrelid = t.oid AND i.indisprimary)
  AND NOT EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend AS d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e'
  )
ORDER BY size_bytes DESC, subject
LIMIT 50
