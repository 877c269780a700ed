-- Whether pg_stat_statements is created here and loaded by the server; no right needed. The view is not touched: it
-- fails unless preloaded. A preloaded library shows by its settings; shared_preload_libraries is not for every role.
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements') AS is_created,
       current_setting('pg_stat_statements.max', true) IS NOT NULL AS is_loaded
