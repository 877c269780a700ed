-- A shard joins the latest run of its kind that was active within the last hour, unless it has ended there, or another
-- process works on it: so a shard that was interrupted goes on in the same run. Else it begins a new one.
WITH latest AS (
    SELECT run, max(updated_at) > now() - interval '1 hour' AS is_active
    FROM {path.spotify_runs}
    WHERE action = %(action)s AND shards = %(shards)s
    GROUP BY run
    ORDER BY run DESC
    LIMIT 1
),
joined AS (
    SELECT latest.run
    FROM latest
    WHERE latest.is_active AND NOT EXISTS (
        SELECT FROM {path.spotify_runs} AS earlier
        WHERE earlier.run = latest.run AND earlier.shard = %(shard)s AND CASE
            WHEN earlier.ended_at IS NOT NULL THEN earlier.exit_code = 0
            ELSE earlier.holder IN (
                SELECT held.objid::bigint
                FROM pg_locks AS held
                WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
                    AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND held.classid::bigint = %(space)s
            )
        END
    )
)
INSERT INTO {path.spotify_runs} (run, action, shard, shards, holder)
VALUES (
    coalesce((SELECT run FROM joined), (SELECT max(run) FROM {path.spotify_runs}) + 1, 1),
    %(action)s, %(shard)s, %(shards)s, %(holder)s
)
RETURNING id
