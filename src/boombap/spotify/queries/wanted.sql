-- A track that a person chose is asked for by its id alone: without words, nothing else can be found for the row.
SELECT
    track.id,
    CASE WHEN verdict.reasons @> '{chosen}' THEN NULL ELSE track.artist END AS artist,
    CASE WHEN verdict.reasons @> '{chosen}' THEN NULL ELSE track.title END AS title,
    track.explicit,
    verdict.spotify_id,
    CASE WHEN verdict.track_id IS NULL
        THEN coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id')
    END AS unjudged_id,
    coalesce(
        known.album_id, CASE WHEN verdict.track_id IS NULL THEN track.spotify_data ->> 'album_id' END
    ) AS album_id
FROM {path.tracks} AS track
LEFT JOIN {path.spotify_matches} AS verdict
    ON verdict.track_id = track.id
    AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
LEFT JOIN {path.spotify_tracks} AS known ON known.id = verdict.spotify_id
WHERE track.id > %(after)s
    AND (%(shards)s = 1 OR mod(
        ((track.id::bigint # (track.id::bigint >> 32)) & 4294967295) * 1640531527 >> 16 & 2147483647, %(shards)s
    ) = %(shard)s - 1)
    AND (%(ids)s::bigint[] IS NULL OR track.id = ANY (%(ids)s::bigint[]))
    AND CASE
        WHEN track.id = ANY (%(asked)s::bigint[]) THEN 0
        WHEN verdict.outcome = 'matched' THEN CASE
            WHEN verdict.checked_at < now() - make_interval(secs => %(refresh_s)s) THEN 1
            WHEN known.id IS NULL AND (track.spotify_data IS NULL OR track.spotify_data IN ('null', '{}')) THEN 2
        END
        WHEN verdict.outcome IS NOT NULL THEN
            CASE WHEN verdict.checked_at < now() - make_interval(secs => %(miss_s)s) THEN 2 END
        WHEN track.spotify_data IS NULL OR track.spotify_data IN ('null', '{}') THEN 2
        ELSE 3
    END = %(phase)s
    AND (
        track.id = ANY (%(asked)s::bigint[])
        OR NOT EXISTS (
            SELECT FROM {path.spotify_dead_letters} AS dead
            WHERE dead.track_id = track.id AND dead.failed_at > now() - make_interval(secs => %(miss_s)s)
                AND dead.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
                AND dead.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
        )
    )
ORDER BY track.id
LIMIT %(most)s
