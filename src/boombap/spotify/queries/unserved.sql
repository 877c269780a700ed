-- Rows that want an answer and are not for this process now: others work on them, or the server refused them lately.
SELECT
    (SELECT count(*) FROM {path.spotify_leases} WHERE ends_at > now() AND holder <> %(holder)s) AS leased,
    (
        SELECT count(*)
        FROM {path.spotify_dead_letters} AS dead
        JOIN {path.tracks} AS track
            ON track.id = dead.track_id
            AND dead.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
            AND dead.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
        WHERE dead.failed_at > now() - make_interval(secs => %(miss_s)s)
    ) AS refused
