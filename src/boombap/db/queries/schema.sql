-- The team's tables with their planner estimates and sizes; reads the catalogue only.
SELECT team.relation AS name,
       nullif(class.reltuples, -1)::bigint AS rows_estimate,
       class.relpages::bigint * current_setting('block_size')::bigint AS heap_bytes,
       (SELECT coalesce(sum(part.relpages), 0)::bigint * current_setting('block_size')::bigint
          FROM pg_index AS index JOIN pg_class AS part ON part.oid = index.indexrelid
         WHERE index.indrelid = class.oid) AS index_bytes,
       (SELECT count(*) FROM pg_index AS index WHERE index.indrelid = class.oid) AS indexes,
       (SELECT json_agg(json_build_object('name', attribute.attname,
                                          'type', replace(format_type(attribute.atttypid, attribute.atttypmod),
                                                          quote_ident(home.nspname) || '.', ''),
                                          'not_null', attribute.attnotnull) ORDER BY attribute.attnum)
          FROM pg_attribute AS attribute
          JOIN pg_type AS type ON type.oid = attribute.atttypid
          JOIN pg_namespace AS home ON home.oid = type.typnamespace
         WHERE attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped) AS columns
  FROM (VALUES (1, 'tracks', to_regclass('{path.tracks}')),
               (2, 'analysis_results', to_regclass('{path.analysis_results}')),
               (3, 'ml_features', to_regclass('{path.ml_features}')),
               (4, 'dataset_versions', to_regclass('{path.dataset_versions}'))) AS team (place, relation, id)
  LEFT JOIN pg_class AS class ON class.oid = team.id
 ORDER BY team.place
