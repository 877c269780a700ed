-- The planner's estimates from the most common values of analyzer_type; rare analyzers may be missing.
SELECT value AS name, (frequency * table_of.reltuples)::bigint AS rows
  FROM pg_class AS table_of
  JOIN pg_namespace AS schema ON schema.oid = table_of.relnamespace
  JOIN pg_stats AS stats ON stats.schemaname = schema.nspname AND stats.tablename = table_of.relname
       AND stats.attname = 'analyzer_type'
 CROSS JOIN LATERAL unnest(stats.most_common_vals::text::text[], stats.most_common_freqs) AS common (value, frequency)
 WHERE table_of.oid = to_regclass('{path.analysis_results}')
 ORDER BY 2 DESC, 1
