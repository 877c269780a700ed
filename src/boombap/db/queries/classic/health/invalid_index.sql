-- Indexes that a failed CREATE INDEX CONCURRENTLY left behind; one that is being built counts as well.
SELECT quote_ident(schema.nspname) || '.' || quote_ident(class.relname) AS subject,
       'the index is invalid: no query uses it' AS summary
  FROM pg_index AS index
  JOIN pg_class AS class ON class.oid = index.indexrelid
  JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
 WHERE NOT (index.indisvalid AND index.indisready AND index.indislive)
   AND schema.nspname !~ '^pg_' AND schema.nspname <> 'information_schema'
 ORDER BY subject
