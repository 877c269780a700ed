-- Rows that want an answer and are not for this process now: others work on them, or the server refused them lately.
SELECT
    (
        SELECT count(*)
        FROM {path.spotify_leases} AS lease
        WHERE lease.ends_at > now() AND lease.holder <> %(holder)s
            AND (%(shards)s = 1 OR mod(
                ((lease.track_id # (lease.track_id >> 32)) & 4294967295) * 1640531527 >> 16 & 2147483647, %(shards)s
            ) = %(shard)s - 1)
    ) AS leased,
    (
        SELECT count(*)
        FROM {path.spotify_dead_letters} AS dead
        JOIN {path.tracks} AS track
            ON track.id = dead.track_id
            AND dead.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
            AND dead.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
        WHERE dead.failed_at > now() - make_interval(secs => %(miss_s)s)
            AND (%(shards)s = 1 OR mod(
                ((dead.track_id # (dead.track_id >> 32)) & 4294967295) * 1640531527 >> 16 & 2147483647, %(shards)s
            ) = %(shard)s - 1)
    ) AS refused
