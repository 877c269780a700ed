-- Vector columns declared without a dimension, from pg_attribute; no right needed.
SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname) AS subject,
       format('%I.%I', n.nspname, c.relname) AS table_name,
       quote_ident(a.attname) AS column_name,
       format('%I.%I', tn.nspname, t.typname) AS type_name,
       greatest(c.reltuples, 0)::int8 AS table_rows
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
WHERE t.typname IN ('vector', 'halfvec', 'sparsevec')
  -- Not what merely has the name.
  AND EXISTS (
      SELECT 1 FROM pg_catalog.pg_depend AS d
      JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'vector'
      WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.refclassid = 'pg_extension'::regclass
  )
  AND a.atttypmod = -1
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND c.relkind IN ('r', 'm', 'p')
  AND NOT c.relispartition
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
ORDER BY subject
