-- Indexes that equal another one of the same table in all but the name, from pg_index; no right needed.
-- Expressions are compared as node trees without text positions: pg_get_expr() would lock the table.
WITH keyed AS MATERIALIZED (
    SELECT i.*, c.relname, c.relkind, c.relam, c.reloptions, n.nspname, t.relname AS table_name, m.amname,
           c.relpages::int8 * current_setting('block_size')::int8 AS size_bytes,
           count(*) OVER (PARTITION BY i.indrelid, i.indkey::text, c.relam) AS alike
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_am AS m ON m.oid = c.relam
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE i.indisvalid
      AND NOT c.relispartition
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
),
ranked AS (
    SELECT k.*,
           con.conname,
           -- Since PostgreSQL 15; read through JSON because the column is absent before.
           (to_jsonb(k) ->> 'indnullsnotdistinct') IS NOT DISTINCT FROM 'true' AS is_strict,
           row_number() OVER same AS position,
           format('%I.%I', first_value(k.nspname) OVER same, first_value(k.relname) OVER same) AS kept,
           first_value(k.indisunique) OVER same AS kept_is_unique,
           first_value((to_jsonb(k) ->> 'indnullsnotdistinct') IS NOT DISTINCT FROM 'true') OVER same AS kept_is_strict
    FROM keyed AS k
    LEFT JOIN pg_catalog.pg_constraint AS con
        ON con.conindid = k.indexrelid AND con.conrelid = k.indrelid AND con.contype IN ('p', 'u', 'x')
    WHERE k.alike > 1
    WINDOW same AS (
        PARTITION BY k.indrelid, k.indkey::text, k.indclass::text, k.indcollation::text, k.indoption::text,
                     k.indnkeyatts, k.relam,
                     regexp_replace(k.indexprs::text, ':location -?\d+', '', 'g'),
                     regexp_replace(k.indpred::text, ':location -?\d+', '', 'g'),
                     -- Vector or BRIN indexes with other options differ; a fill factor changes nothing.
                     CASE WHEN k.amname <> 'btree' THEN k.reloptions::text END
        ORDER BY k.indisprimary DESC, k.indisunique DESC, k.indimmediate DESC, con.conname IS NOT NULL DESC,
                 k.indisreplident DESC, k.indexrelid
    )
)
SELECT format('%I.%I', r.nspname, r.relname) AS subject,
       format('%I.%I', r.nspname, r.table_name) AS table_name,
       r.kept,
       quote_ident(r.conname) AS constraint_name,
       r.relkind = 'I' AS is_partitioned,
       r.size_bytes
FROM ranked AS r
WHERE r.position > 1
  AND NOT r.indisexclusion
  AND NOT r.indisreplident
  AND (NOT r.indisunique OR (r.kept_is_unique AND r.kept_is_strict = r.is_strict))
ORDER BY r.size_bytes DESC, subject
