-- A lease ends with its time, or with the session that holds the lock of its holder. A lease that this statement sees was
-- committed after its holder had taken the lock, so a lock that is not there now was given up.
DELETE FROM {path.spotify_leases} AS lease
WHERE lease.holder <> %(holder)s
    AND (
        lease.ends_at < now()
        OR NOT EXISTS (
            SELECT FROM pg_locks AS held
            WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
                AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND held.classid::bigint = %(space)s AND held.objid::bigint = lease.holder
        )
    )
