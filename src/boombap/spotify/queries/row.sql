-- One row, as a person sees it, with the track that it has now. Through JSON, because not every table has a length.
SELECT
    track.id,
    track.artist,
    track.title,
    to_jsonb(track) ->> 'duration_ms' AS duration_ms,
    coalesce(verdict.spotify_id, track.spotify_data ->> 'id', track.spotify_data ->> 'track_id') AS spotify_id,
    coalesce(verdict.reasons @> '{chosen}', false) AS is_chosen
FROM {path.tracks} AS track
LEFT JOIN {path.spotify_matches} AS verdict
    ON verdict.track_id = track.id
    AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
WHERE track.id = %(id)s
