-- The team's tables in the schemas of the search path, the last schema first, so that the first one has the last word.
-- Views are left out: what their owner put into them would run with this role's rights.
SELECT class.relname::text AS name,
       class.oid::bigint AS id,
       schema.nspname::text AS schema,
       array_agg(attribute.attname::text) AS columns
  FROM pg_class AS class
  JOIN pg_namespace AS schema ON schema.oid = class.relnamespace
  JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
 WHERE class.relname = ANY (%(tables)s) AND schema.nspname = ANY (%(schemas)s) AND class.relkind IN ('r', 'p')
   AND attribute.attnum > 0 AND NOT attribute.attisdropped
 GROUP BY class.oid, class.relname, schema.nspname
 ORDER BY array_position(%(schemas)s, schema.nspname::text) DESC
