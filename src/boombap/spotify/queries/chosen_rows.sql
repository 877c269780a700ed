-- Rows with a track that a person chose for the words that they have now.
SELECT track.id
FROM {path.tracks} AS track
JOIN {path.spotify_matches} AS verdict
    ON verdict.track_id = track.id
    AND verdict.reasons @> '{chosen}'
    AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
WHERE track.id = ANY (%(ids)s::bigint[])
ORDER BY track.id
