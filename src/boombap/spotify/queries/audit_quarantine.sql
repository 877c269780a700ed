-- Moves wrong answers aside, so that the next run asks again. A row that changed since it was judged is left alone; rows
-- are locked in the order of their ids, as everywhere. `reasons` are joined by commas: an array of arrays must be square.
WITH judged AS (
    SELECT * FROM unnest(
        %(track_ids)s::bigint[], %(stored)s::text[], %(verdicts)s::text[], %(reasons)s::text[]
    ) AS one (track_id, stored, verdict, reasons)
),
locked AS MATERIALIZED (
    SELECT track.id, track.spotify_data, judged.verdict, judged.reasons
    FROM {path.tracks} AS track
    JOIN judged ON judged.track_id = track.id AND judged.stored::jsonb = track.spotify_data
    ORDER BY track.id
    FOR NO KEY UPDATE OF track
),
kept AS (
    INSERT INTO {path.spotify_quarantine} (track_id, spotify_data, verdict, reasons)
    SELECT id, spotify_data, verdict, string_to_array(reasons, ',') FROM locked
),
forgotten AS (
    DELETE FROM {path.spotify_matches} AS verdict USING locked WHERE verdict.track_id = locked.id
)
UPDATE {path.tracks} AS track
SET spotify_data = NULL
FROM locked
WHERE track.id = locked.id
RETURNING track.id
