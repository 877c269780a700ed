-- The lists of ivfflat indexes against their vectors, and whether rows came after the build; no right needed.
-- NULLs are not indexed, but VACUUM counts them: pg_stats tells their share, where SELECT on the column lets it.
-- Until the next ANALYZE pg_class keeps the rows and pages that the build saw; afterwards nothing tells.
SELECT format('%I.%I', n.nspname, c.relname) AS subject,
       format('%I.%I', n.nspname, t.relname) AS table_name,
       coalesce((
           SELECT o.option_value::int8 FROM pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'lists'
       ), 100) AS lists,
       (greatest(c.reltuples, 0) * (1 - coalesce((
           SELECT p.null_frac FROM pg_catalog.pg_stats AS p
            WHERE p.schemaname = tn.nspname AND p.tablename = t.relname AND p.attname = a.attname
              AND i.indpred IS NULL AND NOT p.inherited
       ), 0)))::int8 AS indexed_rows,
       pg_stat_get_live_tuples(t.oid) AS live_rows,
       c.relpages::int8 AS known_pages,
       pg_relation_size(c.oid) / current_setting('block_size')::int8 AS pages
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname = 'ivfflat'
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
WHERE c.relkind = 'i'
  AND i.indisvalid
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
ORDER BY subject
