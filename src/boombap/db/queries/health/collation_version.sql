-- Collations that an index of this database uses and whose version is not that of the operating system's library any
-- more; no right needed. Before PostgreSQL 15 a database keeps no version of its default collation.
SELECT 'collation' AS kind,
       format('%I.%I', n.nspname, c.collname) AS subject,
       c.collversion AS recorded,
       pg_collation_actual_version(c.oid) AS actual,
       true AS is_here,
       count(*)::int8 AS indexes,
       (array_agg(used.index_name ORDER BY used.index_name))[1:20] AS index_names
FROM pg_catalog.pg_collation AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.collnamespace
JOIN (
    SELECT DISTINCT i.indexrelid, k.collation_id, format('%I.%I', xn.nspname, x.relname) AS index_name
    FROM pg_catalog.pg_index AS i
    CROSS JOIN LATERAL unnest(i.indcollation::oid[]) AS k (collation_id)
    JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid AND x.relkind = 'i'
    JOIN pg_catalog.pg_namespace AS xn ON xn.oid = x.relnamespace
) AS used ON used.collation_id = c.oid
WHERE c.collversion IS NOT NULL
  AND c.collversion <> pg_collation_actual_version(c.oid)
GROUP BY c.oid, n.nspname, c.collname, c.collversion
ORDER BY subject
