-- How long the oldest transaction is open, and the longest statement runs, of the sessions of others.
SELECT max(CASE WHEN state <> 'idle' THEN extract(epoch FROM clock_timestamp() - xact_start) END)::float8
           AS oldest_transaction_s,
       max(CASE WHEN state = 'active' THEN extract(epoch FROM clock_timestamp() - query_start) END)::float8
           AS longest_query_s
  FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND usesysid IS NOT NULL AND application_name <> current_setting('application_name')
