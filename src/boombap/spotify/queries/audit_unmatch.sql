-- Removes wrong matches whose track `tracks` does not show, so that the next run asks again; what Spotify said about them is
-- kept. A verdict that changed since it was judged is left alone, and so is what a person chose.
WITH judged AS (
    SELECT * FROM unnest(
        %(track_ids)s::bigint[], %(stored)s::text[], %(spotify_ids)s::text[], %(verdicts)s::text[], %(reasons)s::text[]
    ) AS one (track_id, stored, spotify_id, verdict, reasons)
),
locked AS MATERIALIZED (
    SELECT track.id, judged.stored, judged.spotify_id, judged.verdict, judged.reasons
    FROM {path.tracks} AS track
    JOIN judged ON judged.track_id = track.id
    ORDER BY track.id
    FOR NO KEY UPDATE OF track
),
forgotten AS (
    DELETE FROM {path.spotify_matches} AS match USING locked
    WHERE match.track_id = locked.id AND match.spotify_id = locked.spotify_id AND NOT match.reasons @> '{chosen}'
    RETURNING match.track_id
),
kept AS (
    INSERT INTO {path.spotify_quarantine} (track_id, spotify_data, verdict, reasons)
    SELECT locked.id, locked.stored::jsonb, locked.verdict, string_to_array(locked.reasons, ',')
    FROM locked
    JOIN forgotten ON forgotten.track_id = locked.id
)
SELECT track_id AS id FROM forgotten ORDER BY track_id
