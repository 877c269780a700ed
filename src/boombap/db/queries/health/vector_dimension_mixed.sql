-- The dimensions inside vector columns declared without one; needs SELECT on the column, others are left out.
-- Reads about 200 pages a column. ts_stat() runs a statement from text and counts the words it gives, here dimensions:
-- the one way to name a table at run time in plain SQL without libxml, which not every build has.
SELECT c.subject,
       c.column_name,
       c.counting,
       min(found.word::int) AS smallest,
       max(found.word::int) AS largest,
       count(*)::int8 AS dimensions,
       sum(found.ndoc)::int8 AS sampled
FROM (
    SELECT format('%I.%I', n.nspname, r.relname) AS subject,
           quote_ident(a.attname) AS column_name,
           format('%I.vector_dims(%I)', tn.nspname, a.attname) AS counting,
           format(
               'SELECT array_to_tsvector(ARRAY[%I.vector_dims(%I)::text])'
               ' FROM ONLY %I.%I TABLESAMPLE SYSTEM (%s) WHERE %I IS NOT NULL',
               tn.nspname, a.attname, n.nspname, r.relname, least(100, 20000.0 / greatest(r.relpages, 1)), a.attname
           ) AS statement
    FROM pg_catalog.pg_attribute AS a
    JOIN pg_catalog.pg_class AS r ON r.oid = a.attrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
    WHERE t.typname IN ('vector', 'halfvec')
      -- Not what merely has the name.
      AND EXISTS (
          SELECT 1 FROM pg_catalog.pg_depend AS d
          JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'vector'
          WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.refclassid = 'pg_extension'::regclass
      )
      AND a.atttypmod = -1
      AND a.attnum > 0
      AND NOT a.attisdropped
      AND r.relkind IN ('r', 'm')
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
      AND has_schema_privilege(n.oid, 'USAGE')
      AND has_column_privilege(r.oid, a.attnum, 'SELECT')
      -- A policy is code of the table's owner, which would run with our rights.
      AND NOT row_security_active(r.oid)
) AS c
CROSS JOIN LATERAL ts_stat(c.statement) AS found
GROUP BY c.subject, c.column_name, c.counting
ORDER BY c.subject, c.column_name
