-- What pgvector's searches are set to, where that is set, and the indexes that it serves; no right needed. What a program
-- sets for its own sessions cannot be seen.
SELECT parameter.name,
       parameter.usual,
       placed.value,
       placed.place,
       indexes.total AS indexes,
       indexes.largest,
       indexes.lists,
       indexes.table_name
FROM (VALUES ('ivfflat.probes', 'ivfflat', 1), ('hnsw.ef_search', 'hnsw', 40)) AS parameter (name, method, usual)
CROSS JOIN LATERAL (
    SELECT count(*)::int8 AS total,
           max(found.lists) AS lists,
           (array_agg(found.subject ORDER BY found.lists DESC, found.subject))[1] AS largest,
           (array_agg(found.table_name ORDER BY found.lists DESC, found.subject))[1] AS table_name
    FROM (
        SELECT format('%I.%I', n.nspname, x.relname) AS subject,
               format('%I.%I', tn.nspname, t.relname) AS table_name,
               coalesce((
                   SELECT o.option_value::int8 FROM pg_options_to_table(x.reloptions) AS o WHERE o.option_name = 'lists'
               ), 100) AS lists
        FROM pg_catalog.pg_class AS x
        JOIN pg_catalog.pg_am AS m ON m.oid = x.relam AND m.amname = parameter.method
        JOIN pg_catalog.pg_namespace AS n ON n.oid = x.relnamespace
        JOIN pg_catalog.pg_index AS i ON i.indexrelid = x.oid AND i.indisvalid
        JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
        JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
        WHERE x.relkind = 'i'
    ) AS found
) AS indexes
LEFT JOIN LATERAL (
    SELECT split_part(s.setting, '=', 2) AS value,
           CASE WHEN d.setrole = 0 AND d.setdatabase = 0 THEN 'ROLE ALL'
                WHEN d.setrole = 0 THEN format('DATABASE %I', current_database())
                WHEN d.setdatabase = 0 THEN format('ROLE %I', r.rolname)
                ELSE format('ROLE %I IN DATABASE %I', r.rolname, current_database()) END AS place
    FROM pg_catalog.pg_db_role_setting AS d
    LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = d.setrole
    CROSS JOIN LATERAL unnest(d.setconfig) AS s (setting)
    WHERE split_part(s.setting, '=', 1) = parameter.name
      AND d.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
    UNION ALL
    SELECT f.setting, 'SYSTEM'
    FROM (SELECT current_setting(parameter.name, true) AS setting) AS f
    WHERE f.setting IS NOT NULL
      AND f.setting <> parameter.usual::text
      AND NOT EXISTS (
          SELECT 1 FROM pg_catalog.pg_db_role_setting AS d
          CROSS JOIN LATERAL unnest(d.setconfig) AS s (setting)
          WHERE split_part(s.setting, '=', 1) = parameter.name
      )
) AS placed ON true
ORDER BY parameter.name DESC, placed.place
