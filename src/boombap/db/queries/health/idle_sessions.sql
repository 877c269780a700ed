-- Client sessions by role that do nothing for minutes, within or without a transaction, and the limits that the server,
-- the role and the database set for them; needs pg_monitor for the states of other roles' sessions.
SELECT r.rolname::text AS role_name,
       quote_ident(r.rolname) AS role_quoted,
       idle.sessions,
       idle.in_transaction,
       idle.longest_s,
       current_setting('max_connections')::int8 AS max_connections,
       -- A setting that this version has not is unknown; off is 0.
       coalesce(nullif(current_setting('idle_session_timeout', true), '0'), '') <> ''
       OR EXISTS (SELECT 1 FROM unnest(own.settings) AS s (setting)
                  WHERE s.setting ~ '^idle_session_timeout=' AND s.setting !~ '=0[a-z]*$') AS has_idle_limit,
       coalesce(nullif(current_setting('idle_in_transaction_session_timeout', true), '0'), '') <> ''
       OR coalesce(nullif(current_setting('transaction_timeout', true), '0'), '') <> ''
       OR EXISTS (SELECT 1 FROM unnest(own.settings) AS s (setting)
                  WHERE s.setting ~ '^(idle_in_transaction_session|transaction)_timeout=' AND s.setting !~ '=0[a-z]*$')
           AS has_transaction_limit
FROM (
    SELECT a.usesysid,
           -- Ten minutes and one: a pool's session waits for the next request, a transaction for its next statement.
           count(*) FILTER (WHERE a.state = 'idle' AND a.age_s >= 600)::int8 AS sessions,
           count(*) FILTER (WHERE a.state LIKE 'idle in transaction%' AND a.age_s >= 60)::int8 AS in_transaction,
           max(a.age_s)::float8 AS longest_s
    FROM (
        SELECT usesysid, state, extract(epoch FROM clock_timestamp() - state_change) AS age_s
        FROM pg_catalog.pg_stat_activity
        WHERE backend_type = 'client backend' AND state LIKE 'idle%'
    ) AS a
    GROUP BY a.usesysid
) AS idle
JOIN pg_catalog.pg_roles AS r ON r.oid = idle.usesysid
CROSS JOIN LATERAL (
    SELECT array_agg(s.setting) AS settings
    FROM pg_catalog.pg_db_role_setting AS d
    CROSS JOIN LATERAL unnest(d.setconfig) AS s (setting)
    WHERE d.setrole IN (0, r.oid)
) AS own
WHERE idle.sessions > 0 OR idle.in_transaction > 0
ORDER BY idle.sessions + idle.in_transaction DESC, role_name
