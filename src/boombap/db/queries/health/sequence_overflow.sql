-- Sequences against the narrower of their own limit and that of the column they fill; needs SELECT or USAGE on a
-- sequence, others are counted. Reading one locks it until the transaction ends, so at most 1,000 are read (the whole
-- lock table has 6,400 entries by default): int2 and int4 before int8, those of the tables with most inserts first.
WITH fills AS (
    -- serial and identity own their sequence; a DEFAULT nextval() only depends on it.
    SELECT d.objid AS seqrelid, d.refobjid AS attrelid, d.refobjsubid AS attnum, d.deptype = 'i' AS is_identity
    FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_class'::regclass
      AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.refobjsubid > 0
      AND d.deptype IN ('a', 'i')
    UNION
    SELECT d.refobjid, v.adrelid, v.adnum, false
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_attrdef AS v ON v.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass
      AND d.refclassid = 'pg_catalog.pg_class'::regclass
      AND d.deptype = 'n'
),
known AS (
    SELECT DISTINCT ON (s.seqrelid)
           s.seqrelid, s.seqtypid, n.nspname, c.relname, a.attname, a.atttypid, f.attrelid,
           tn.nspname AS table_schema, t.relname AS table_name,
           coalesce(f.is_identity, false) AS is_identity,
           least(s.seqmax, CASE a.atttypid
               WHEN 'int2'::regtype THEN 32767
               WHEN 'int4'::regtype THEN 2147483647
               ELSE s.seqmax
           END) AS limit_value
    FROM pg_catalog.pg_sequence AS s
    JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN fills AS f ON f.seqrelid = s.seqrelid
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.attrelid AND a.attnum = f.attnum
    LEFT JOIN pg_catalog.pg_class AS t ON t.oid = f.attrelid
    LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
    WHERE s.seqincrement > 0
      AND NOT s.seqcycle
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
    ORDER BY s.seqrelid, limit_value
),
allowed AS MATERIALIZED (
    SELECT k.*, has_sequence_privilege(k.seqrelid, 'SELECT, USAGE') AS is_readable FROM known AS k
),
chosen AS MATERIALIZED (
    SELECT a.*
    FROM allowed AS a
    WHERE a.is_readable
    ORDER BY a.limit_value, pg_stat_get_tuples_inserted(a.attrelid) DESC NULLS LAST, a.seqrelid
    LIMIT 1000
),
full_ones AS MATERIALIZED (
    SELECT v.* FROM (SELECT c.*, pg_sequence_last_value(c.seqrelid) AS last_value FROM chosen AS c) AS v
    WHERE v.last_value > v.limit_value / 2
    ORDER BY v.last_value::float8 / v.limit_value DESC
    LIMIT 50
)
-- One row at least, so that the sequences that were not read are told even if none of the others is half used.
SELECT quote_ident(r.nspname) || '.' || quote_ident(r.relname) AS subject,
       quote_ident(r.table_schema) || '.' || quote_ident(r.table_name) AS table_name,
       quote_ident(r.attname) AS column_name,
       r.atttypid = 'int8'::regtype AS is_bigint,
       r.seqtypid = 'int8'::regtype AS is_bigint_sequence,
       r.is_identity,
       r.last_value,
       r.limit_value,
       totals.forbidden,
       totals.beyond_limit
FROM (
    SELECT count(*) FILTER (WHERE NOT a.is_readable)::int8 AS forbidden,
           greatest(count(*) FILTER (WHERE a.is_readable) - 1000, 0)::int8 AS beyond_limit
    FROM allowed AS a
) AS totals
LEFT JOIN full_ones AS r ON true
ORDER BY r.last_value::float8 / r.limit_value DESC
