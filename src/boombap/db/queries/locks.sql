-- Sessions that wait for a lock and those that hold them up. Needs pg_monitor for what other roles run.
WITH waiting AS (
    SELECT pid, unnest(pg_blocking_pids(pid)) AS blocker FROM pg_stat_activity WHERE wait_event_type = 'Lock'
), involved AS (
    SELECT pid FROM waiting UNION SELECT blocker FROM waiting
)
SELECT involved.pid,
       (SELECT array_agg(DISTINCT blocker) FROM waiting WHERE waiting.pid = involved.pid) AS blocked_by,
       activity.usename::text AS "user",
       activity.application_name AS application,
       activity.state,
       activity.query,
       extract(epoch FROM clock_timestamp() - activity.state_change)::float8 AS in_state_s,
       (SELECT format('%s on %s', lock.mode, coalesce(lock.relation::regclass::text, lock.locktype))
          FROM pg_locks AS lock WHERE lock.pid = involved.pid AND NOT lock.granted LIMIT 1) AS wants,
       (SELECT gid FROM pg_prepared_xacts WHERE involved.pid = 0 ORDER BY prepared LIMIT 1) AS prepared
  FROM involved
  LEFT JOIN pg_stat_activity AS activity USING (pid)
 ORDER BY involved.pid
