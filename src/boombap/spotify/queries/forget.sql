-- Verdicts go, and results that the server refused. The metadata that came with a verdict moves aside, because the next run
-- would else confirm it by its id; metadata about another track stays. Stored tracks of the name are not found by it until
-- Spotify has named them again.
WITH moved AS (
    INSERT INTO {path.spotify_quarantine} (track_id, spotify_data, verdict, reasons)
    SELECT track.id, track.spotify_data, 'forgotten', verdict.reasons
    FROM {path.tracks} AS track
    JOIN {path.spotify_matches} AS verdict
        ON verdict.track_id = track.id
        AND verdict.spotify_id = coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id')
    WHERE track.id = ANY (%(ids)s::bigint[])
    ORDER BY track.id
    RETURNING track_id
),
emptied AS (
    UPDATE {path.tracks} AS track SET spotify_data = NULL FROM moved WHERE track.id = moved.track_id
),
buried AS (
    DELETE FROM {path.spotify_dead_letters} WHERE track_id = ANY (%(ids)s::bigint[]) RETURNING track_id
),
forgotten AS (
    DELETE FROM {path.spotify_matches}
    WHERE track_id = ANY (%(ids)s::bigint[])
    RETURNING track_id, outcome, spotify_id, reasons
),
unnamed AS (
    UPDATE {path.spotify_tracks} AS track
    SET name_hash = 0
    WHERE track.name_hash IN (
        SELECT known.name_hash FROM forgotten JOIN {path.spotify_tracks} AS known ON known.id = forgotten.spotify_id
    )
)
SELECT
    asked.id,
    forgotten.outcome,
    forgotten.spotify_id,
    coalesce(forgotten.reasons, '{}') AS reasons,
    asked.id IN (SELECT track_id FROM moved) AS has_metadata,
    asked.id IN (SELECT track_id FROM buried) AS was_refused
FROM unnest(%(ids)s::bigint[]) AS asked (id)
LEFT JOIN forgotten ON forgotten.track_id = asked.id
ORDER BY asked.id
