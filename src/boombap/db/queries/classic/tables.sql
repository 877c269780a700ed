-- The planner's figures of each table by its id (none where it is not there), its indexes, and its columns; a type of
-- another schema loses the name of it.
SELECT team.name,
       class.oid IS NOT NULL AS exists,
       nullif(class.reltuples, -1)::bigint AS rows_estimate,
       coalesce(class.relpages, 0)::bigint * current_setting('block_size')::bigint AS heap_bytes,
       (SELECT coalesce(sum(part.relpages), 0)::bigint * current_setting('block_size')::bigint
          FROM pg_index AS index JOIN pg_class AS part ON part.oid = index.indexrelid
         WHERE index.indrelid = class.oid) AS index_bytes,
       (SELECT count(*) FROM pg_index AS index WHERE index.indrelid = class.oid) AS indexes,
       (SELECT coalesce(json_object_agg(attribute.attname,
                                        replace(format_type(attribute.atttypid, attribute.atttypmod),
                                                quote_ident(home.nspname) || '.', '') ORDER BY attribute.attnum), '{{}}')
          FROM pg_attribute AS attribute
          JOIN pg_type AS type ON type.oid = attribute.atttypid
          JOIN pg_namespace AS home ON home.oid = type.typnamespace
         WHERE attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped) AS columns
  FROM unnest(%(tables)s, %(ids)s::oid[]) WITH ORDINALITY AS team (name, id, place)
  LEFT JOIN pg_class AS class ON class.oid = team.id
 ORDER BY team.place
