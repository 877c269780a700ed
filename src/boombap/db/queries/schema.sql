-- The team's tables with their planner estimates and sizes; reads the catalogue only.
SELECT team.relation AS name,
       nullif(class.reltuples, -1)::bigint AS rows_estimate,
       class.relpages::bigint * current_setting('block_size')::bigint AS heap_bytes,
       (SELECT coalesce(sum(part.relpages), 0)::bigint * current_setting('block_size')::bigint
          FROM pg_index AS index JOIN pg_class AS part ON part.oid = index.indexrelid
         WHERE index.indrelid = class.oid) AS index_bytes,
       (SELECT count(*) FROM pg_index AS index WHERE index.indrelid = class.oid) AS indexes,
       (SELECT json_agg(json_build_object('name', attribute.attname,
                                          'type', format_type(attribute.atttypid, attribute.atttypmod),
                                          'not_null', attribute.attnotnull) ORDER BY attribute.attnum)
          FROM pg_attribute AS attribute
         WHERE attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped) AS columns
  FROM (VALUES (1, 'tracks'), (2, 'analysis_results'), (3, 'ml_features'), (4, 'dataset_versions')) AS team (place, relation)
  LEFT JOIN pg_class AS class ON class.oid = to_regclass(team.relation)
 ORDER BY team.place
