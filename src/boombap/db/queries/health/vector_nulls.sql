-- The share of NULL in indexed vector columns, from pg_stats; needs SELECT on the column, others are left out.
WITH indexed AS MATERIALIZED (
    SELECT n.nspname, t.relname AS table_name, a.attname, t.reltuples, min(c.relname) AS relname
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname IN ('ivfflat', 'hnsw')
    JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid AND i.indisvalid AND i.indpred IS NULL
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
    WHERE c.relkind = 'i'
    GROUP BY n.nspname, t.relname, a.attname, t.reltuples
)
SELECT format('%I.%I.%I', x.nspname, x.table_name, x.attname) AS subject,
       format('%I.%I', x.nspname, x.relname) AS index_name,
       x.reltuples::int8 AS table_rows,
       s.null_frac::float8 AS null_share
FROM indexed AS x
CROSS JOIN LATERAL (
    SELECT p.null_frac
    FROM pg_catalog.pg_stats AS p
    WHERE p.schemaname = x.nspname AND p.tablename = x.table_name AND p.attname = x.attname AND NOT p.inherited
) AS s
ORDER BY subject
