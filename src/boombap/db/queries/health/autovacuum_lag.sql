-- Dead, inserted and changed rows against the thresholds that autovacuum uses for each table, its storage
-- parameters before the server's settings; no right needed. PostgreSQL 12 does not count inserts.
WITH busy AS MATERIALIZED (
    SELECT c.oid, n.nspname, c.relname, c.reloptions,
           greatest(c.reltuples, 0)::float8 AS table_rows,
           pg_stat_get_dead_tuples(c.oid) AS dead_rows,
           0::int8 AS inserted_rows,
           pg_stat_get_mod_since_analyze(c.oid) AS changed_rows
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm')
      AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
),
options AS (
    SELECT b.*,
           (SELECT jsonb_object_agg(o.option_name, o.option_value) FROM pg_options_to_table(b.reloptions) AS o) AS own
    FROM busy AS b
    -- Below this no table is worth a word; it keeps the thresholds of thousands of quiet tables from being computed.
    WHERE greatest(b.dead_rows, b.inserted_rows, b.changed_rows) >= 1000
)
SELECT format('%I.%I', o.nspname, o.relname) AS subject,
       o.table_rows::int8 AS table_rows,
       o.dead_rows,
       o.inserted_rows,
       o.changed_rows,
       coalesce((o.own ->> 'autovacuum_enabled')::bool, true) AS is_enabled,
       least(
           coalesce(o.own ->> 'autovacuum_vacuum_threshold', current_setting('autovacuum_vacuum_threshold'))::float8
           + coalesce(
               o.own ->> 'autovacuum_vacuum_scale_factor', current_setting('autovacuum_vacuum_scale_factor')
           )::float8 * o.table_rows,
           -- Since PostgreSQL 18; -1 switches the ceiling off.
           nullif(coalesce(
               o.own ->> 'autovacuum_vacuum_max_threshold', current_setting('autovacuum_vacuum_max_threshold', true)
           )::float8, -1)
       )::int8 AS dead_limit,
       NULL::int8 AS inserted_limit,
       (
           coalesce(o.own ->> 'autovacuum_analyze_threshold', current_setting('autovacuum_analyze_threshold'))::float8
           + coalesce(
               o.own ->> 'autovacuum_analyze_scale_factor', current_setting('autovacuum_analyze_scale_factor')
           )::float8 * o.table_rows
       )::int8 AS changed_limit,
       extract(epoch FROM clock_timestamp() - greatest(
           pg_stat_get_last_vacuum_time(o.oid), pg_stat_get_last_autovacuum_time(o.oid),
           pg_stat_get_last_analyze_time(o.oid), pg_stat_get_last_autoanalyze_time(o.oid)
       ))::float8 AS quiet_s
FROM options AS o
ORDER BY o.dead_rows DESC, subject
