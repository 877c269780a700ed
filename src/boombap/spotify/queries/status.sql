SELECT
    count(*) AS tracks,
    count(*) FILTER (WHERE verdict.track_id IS NULL AND track.spotify_data IS NOT NULL
        AND track.spotify_data NOT IN ('null', '{}')) AS unjudged,
    count(*) FILTER (WHERE verdict.track_id IS NULL AND (track.spotify_data IS NULL
        OR track.spotify_data IN ('null', '{}'))) AS empty,
    count(*) FILTER (WHERE verdict.outcome = 'matched'
        AND verdict.checked_at < now() - make_interval(secs => %(ttl_s)s)) AS stale,
    -- A process that is gone has given up the lock of its holder.
    (SELECT count(*) FROM {path.spotify_leases} WHERE ends_at > now() AND holder IN (
        SELECT held.objid::bigint
        FROM pg_locks AS held
        WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
            AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND held.classid::bigint = %(space)s
    )) AS leased,
    (SELECT count(*) FROM {path.spotify_dead_letters}) AS dead
FROM {path.tracks} AS track
LEFT JOIN {path.spotify_matches} AS verdict
    ON verdict.track_id = track.id
    AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
