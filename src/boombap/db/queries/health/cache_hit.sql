-- Blocks asked for and found in shared buffers, tables (with TOAST) and indexes apart; no right needed.
-- The functions under pg_statio_all_tables, because the view joins every table with its indexes.
SELECT CASE WHEN c.relkind = 'i' THEN 'indexes' ELSE 'tables' END AS subject,
       coalesce(sum(pg_stat_get_blocks_fetched(c.oid)), 0)::int8 AS blocks_asked,
       coalesce(sum(pg_stat_get_blocks_hit(c.oid)), 0)::int8 AS blocks_hit
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 't', 'i')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema')
GROUP BY 1
ORDER BY 1
