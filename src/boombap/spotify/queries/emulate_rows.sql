-- Through JSON, because not every deployment's table has every column.
SELECT
    track.artist,
    track.title,
    coalesce(
        track.spotify_data -> 'album' ->> 'name',
        track.spotify_data ->> 'album_name',
        whole.row ->> 'album'
    ) AS album,
    coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id') AS spotify_id,
    coalesce(track.spotify_data ->> 'album_id', track.spotify_data -> 'album' ->> 'id') AS album_id,
    coalesce(track.spotify_data ->> 'release_date', whole.row ->> 'release_date') AS release_date,
    track.spotify_data ->> 'duration_ms' AS duration_ms,
    coalesce(track.spotify_data ->> 'explicit', whole.row ->> 'explicit') AS explicit
FROM {path.tracks} AS track
CROSS JOIN LATERAL (SELECT to_jsonb(track) - 'spotify_data' - 'lyrics' AS row) AS whole
WHERE track.artist <> '' AND track.title <> ''
ORDER BY track.id
LIMIT %(limit)s
