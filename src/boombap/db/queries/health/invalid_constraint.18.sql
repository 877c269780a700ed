-- Constraints added with NOT VALID whose old rows were never checked, from pg_constraint; no right needed.
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       quote_ident(k.conname) AS constraint_name,
       CASE k.contype WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check' ELSE 'not null' END AS kind,
       greatest(c.reltuples, 0)::int8 AS table_rows
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT k.convalidated
  -- A NOT ENFORCED constraint is never valid, and on purpose.
  AND k.conenforced
  -- An inherited constraint is validated through its parent.
  AND k.conparentid = 0
  AND k.conislocal
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
ORDER BY subject, constraint_name
