-- Before the first run, when the tables of the processor are not there yet.
SELECT
    track.id,
    track.artist,
    track.title,
    track.explicit,
    NULL AS spotify_id,
    coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id') AS unjudged_id,
    track.spotify_data ->> 'album_id' AS album_id
FROM {path.tracks} AS track
WHERE track.id > %(after)s
    AND (%(shards)s = 1 OR mod(
        ((track.id::bigint # (track.id::bigint >> 32)) & 4294967295) * 1640531527 >> 16 & 2147483647, %(shards)s
    ) = %(shard)s - 1)
    AND (%(ids)s::bigint[] IS NULL OR track.id = ANY (%(ids)s::bigint[]))
    AND CASE
        WHEN track.id = ANY (%(asked)s::bigint[]) THEN 0
        WHEN track.spotify_data IS NULL OR track.spotify_data IN ('null', '{}') THEN 2
        ELSE 3
    END = %(phase)s
ORDER BY track.id
LIMIT %(most)s
