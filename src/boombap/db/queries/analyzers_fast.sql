-- The planner's estimates from the most common values of analyzer_type; rare analyzers may be missing.
-- One row at least: it tells a table that is empty from one that was never analyzed (before 14 they look the same) and
-- from statistics that this role may not see.
SELECT common.value AS name,
       (common.frequency * table_of.reltuples)::bigint AS rows,
       table_of.reltuples >= 0
       AND (table_of.reltuples > 0 OR current_setting('server_version_num')::int >= 140000) AS is_analyzed,
       table_of.reltuples = 0 OR stats.attname IS NOT NULL AS has_statistics
  FROM pg_class AS table_of
  JOIN pg_namespace AS schema ON schema.oid = table_of.relnamespace
  LEFT JOIN pg_stats AS stats ON stats.schemaname = schema.nspname AND stats.tablename = table_of.relname
       AND stats.attname = 'analyzer_type'
  LEFT JOIN LATERAL unnest(stats.most_common_vals::text::text[], stats.most_common_freqs) AS common (value, frequency)
       ON true
 WHERE table_of.oid = to_regclass('{path.analysis_results}')
 ORDER BY 2 DESC NULLS LAST, 1
