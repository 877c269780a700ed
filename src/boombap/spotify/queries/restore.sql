-- The latest of what was taken out of each row goes back. What the row has instead moves aside, and a verdict about another
-- track goes, so that the next run checks the row again.
WITH latest AS MATERIALIZED (
    SELECT DISTINCT ON (kept.track_id)
        kept.id, kept.track_id, kept.spotify_data, kept.verdict, kept.reasons,
        coalesce(kept.spotify_data ->> 'id', kept.spotify_data ->> 'track_id') AS spotify_id
    FROM {path.spotify_quarantine} AS kept
    WHERE kept.track_id = ANY (%(ids)s::bigint[])
    ORDER BY kept.track_id, kept.id DESC
),
moved AS (
    INSERT INTO {path.spotify_quarantine} (track_id, spotify_data, verdict, reasons)
    SELECT track.id, track.spotify_data, 'replaced', '{}'
    FROM {path.tracks} AS track
    JOIN latest ON latest.track_id = track.id
    WHERE track.spotify_data NOT IN ('null', '{}') AND track.spotify_data <> latest.spotify_data
    RETURNING track_id
),
taken AS (
    DELETE FROM {path.spotify_quarantine} AS kept USING latest WHERE kept.id = latest.id
),
forgotten AS (
    DELETE FROM {path.spotify_matches} AS verdict
    USING latest
    WHERE verdict.track_id = latest.track_id AND verdict.spotify_id IS DISTINCT FROM latest.spotify_id
),
restored AS (
    UPDATE {path.tracks} AS track SET spotify_data = latest.spotify_data FROM latest WHERE track.id = latest.track_id
)
SELECT
    latest.track_id AS id,
    latest.spotify_id,
    latest.verdict,
    latest.reasons,
    latest.track_id IN (SELECT track_id FROM moved) AS has_replaced
FROM latest
ORDER BY latest.track_id
