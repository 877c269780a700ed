-- Matched rows that have lost their metadata (a restored table, a column that was emptied), as if their verdicts came in
-- again: `fill.sql` does the rest. A row that somebody works on is left for the next run.
INSERT INTO spotify_incoming_2_matches (track_id, outcome, spotify_id, score, reasons)
SELECT track.id, verdict.outcome, verdict.spotify_id, verdict.score, verdict.reasons
FROM {path.tracks} AS track
JOIN {path.spotify_matches} AS verdict
    ON verdict.track_id = track.id
    AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
JOIN {path.spotify_tracks} AS known ON known.id = verdict.spotify_id
WHERE track.id > %(after)s AND (track.spotify_data IS NULL OR track.spotify_data IN ('null', '{}'))
ORDER BY track.id
LIMIT %(most)s
FOR NO KEY UPDATE OF track SKIP LOCKED;

SELECT count(*) AS rows, max(track_id) AS last_id FROM spotify_incoming_2_matches
