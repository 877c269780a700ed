-- Moves wrong answers aside, so that the next run asks again. A row that changed since it was judged is left alone; rows
-- are locked in the order of their ids, as everywhere. What a person chose for the row's words stays: `chosen` are the
-- rows with such a verdict; of these only another track's answer moves, and the next run fills in the chosen one. A match with
-- another track is judged for itself. `reasons` are joined by commas: an array of arrays must be square.
WITH judged AS (
    SELECT * FROM unnest(
        %(track_ids)s::bigint[], %(stored)s::text[], %(verdicts)s::text[], %(reasons)s::text[]
    ) AS one (track_id, stored, verdict, reasons)
),
chosen AS (
    SELECT verdict.track_id, verdict.spotify_id
    FROM {path.spotify_matches} AS verdict
    JOIN {path.tracks} AS track
        ON track.id = verdict.track_id
        AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
        AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
    WHERE verdict.track_id = ANY (%(track_ids)s::bigint[]) AND verdict.reasons @> '{chosen}'
),
locked AS MATERIALIZED (
    SELECT track.id, track.spotify_data, judged.verdict, judged.reasons
    FROM {path.tracks} AS track
    JOIN judged ON judged.track_id = track.id AND judged.stored::jsonb = track.spotify_data
    WHERE NOT EXISTS (
        SELECT FROM chosen
        WHERE chosen.track_id = track.id
            AND chosen.spotify_id = coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id')
    )
    ORDER BY track.id
    FOR NO KEY UPDATE OF track
),
kept AS (
    INSERT INTO {path.spotify_quarantine} (track_id, spotify_data, verdict, reasons)
    SELECT id, spotify_data, verdict, string_to_array(reasons, ',') FROM locked
),
forgotten AS (
    DELETE FROM {path.spotify_matches} AS verdict USING locked
    WHERE verdict.track_id = locked.id
        AND (
            verdict.spotify_id IS NULL
            OR verdict.spotify_id = coalesce(locked.spotify_data ->> 'id', locked.spotify_data ->> 'track_id')
        )
        AND NOT EXISTS (SELECT FROM chosen WHERE chosen.track_id = locked.id)
)
UPDATE {path.tracks} AS track
SET spotify_data = NULL
FROM locked
WHERE track.id = locked.id
RETURNING track.id
