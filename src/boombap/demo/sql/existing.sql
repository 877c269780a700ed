-- What stands under the names of our tables in the schema where CREATE TABLE would put them, and whether it carries our mark.
SELECT c.relname AS name,
       c.relkind = 'r' AND obj_description(c.oid, 'pg_class') IS NOT DISTINCT FROM 'boombap sample' AS is_sample
FROM pg_class c
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '{current}')
  AND c.relname IN ('tracks', 'analysis_results', 'ml_features', 'dataset_versions')
ORDER BY c.relname
