-- The last attempt at each shard of the latest runs, with what all attempts have done. A process that is gone has given up
-- the lock of its holder; through PgBouncer the lock may outlive it, and then the time of the last word tells.
SELECT DISTINCT ON (part.run, part.shard)
    part.run,
    part.action,
    part.shard,
    part.shards,
    CASE
        WHEN part.exit_code = 0 THEN 'ended'
        WHEN part.exit_code NOT IN (130, 143) THEN 'failed'
        WHEN part.exit_code IS NULL AND part.updated_at > now() - interval '1 minute' AND part.holder IN (
            SELECT held.objid::bigint
            FROM pg_locks AS held
            WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
                AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND held.classid::bigint = %(space)s
        ) THEN 'running'
        ELSE 'interrupted'
    END AS state,
    sum(part.tracks) OVER attempts AS tracks,
    sum(part.matched) OVER attempts AS matched,
    sum(part.requests) OVER attempts AS requests,
    part.tracks / greatest(extract(epoch FROM part.updated_at - part.started_at), 0.001)::double precision AS rate_per_s,
    greatest(part.total - part.tracks, 0) AS tracks_left,
    extract(epoch FROM now() - part.updated_at)::double precision AS age_s,
    part.ended_by
FROM {path.spotify_runs} AS part
WHERE part.run IN (SELECT DISTINCT run FROM {path.spotify_runs} ORDER BY run DESC LIMIT %(most)s)
    OR part.run IN (
        SELECT run FROM {path.spotify_runs} WHERE ended_at IS NULL AND updated_at > now() - interval '1 minute'
    )
WINDOW attempts AS (PARTITION BY part.run, part.shard)
ORDER BY part.run DESC, part.shard, part.id DESC
