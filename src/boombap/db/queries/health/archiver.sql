-- Whether WAL archiving works, from pg_stat_archiver and archive_mode; no right needed.
SELECT current_setting('archive_mode') AS archive_mode,
       a.archived_count::int8 AS archived,
       a.failed_count::int8 AS failed,
       a.last_failed_wal,
       a.last_failed_time IS NOT NULL
       AND (a.last_archived_time IS NULL OR a.last_failed_time > a.last_archived_time) AS is_failing,
       extract(epoch FROM clock_timestamp() - a.last_archived_time)::float8 AS since_success_s,
       extract(epoch FROM clock_timestamp() - a.last_failed_time)::float8 AS since_failure_s
FROM pg_catalog.pg_stat_archiver AS a
