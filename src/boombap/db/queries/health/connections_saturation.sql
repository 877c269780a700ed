-- Client connections against the slots, from pg_stat_activity; no right needed: where the role may not see the
-- type of a backend, each one that is connected to a database counts.
SELECT count(*) FILTER (
           WHERE a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.datid IS NOT NULL)
       )::int8 AS connections,
       current_setting('max_connections')::int8 AS max_connections,
       current_setting('superuser_reserved_connections')::int8
       + coalesce(current_setting('reserved_connections', true), '0')::int8 AS reserved
FROM pg_catalog.pg_stat_activity AS a
