-- The time of the check is always written: it is what keeps a row from being asked for again.
INSERT INTO {path.spotify_matches} AS kept (
    track_id, outcome, spotify_id, candidate_id, requested_id, score, margin, reasons
)
SELECT track_id, outcome, spotify_id, candidate_id, requested_id, score, margin, reasons
FROM spotify_incoming_1_matches
ORDER BY track_id
ON CONFLICT (track_id) DO UPDATE SET
    outcome = excluded.outcome,
    spotify_id = excluded.spotify_id,
    candidate_id = excluded.candidate_id,
    requested_id = excluded.requested_id,
    score = excluded.score,
    margin = excluded.margin,
    reasons = excluded.reasons,
    checked_at = excluded.checked_at;

-- For those who read tracks.spotify_data, in the keys of both shapes that are in use. What an earlier answer about the
-- same track said, and this one leaves out, stays.
-- Each step is MATERIALIZED because the planner would otherwise build every document twice, to compare and to write.
WITH locked AS MATERIALIZED (
    SELECT track.id, incoming.spotify_id, track.spotify_data
    FROM {path.tracks} AS track
    JOIN spotify_incoming_1_matches AS incoming ON incoming.track_id = track.id
    WHERE incoming.spotify_id IS NOT NULL
    ORDER BY track.id
    FOR NO KEY UPDATE OF track
),
credited AS MATERIALIZED (
    SELECT
        incoming.id,
        jsonb_agg(jsonb_build_object('id', artist.id, 'name', artist.name) ORDER BY listed.place) AS artists
    FROM spotify_incoming_1_tracks AS incoming
    CROSS JOIN unnest(incoming.artist_ids) WITH ORDINALITY AS listed (id, place)
    JOIN spotify_incoming_1_artists AS artist ON artist.id = listed.id
    GROUP BY incoming.id
),
answered AS MATERIALIZED (
    SELECT found.id, jsonb_strip_nulls(jsonb_build_object(
        'id', found.id,
        'track_id', found.id,
        'name', found.name,
        'artists', credited.artists,
        'album', CASE WHEN album.id IS NOT NULL THEN jsonb_build_object(
            'id', album.id, 'name', album.name, 'release_date', album.release_date
        ) END,
        'album_id', album.id,
        'album_name', album.name,
        'release_date', album.release_date,
        'duration_ms', found.duration_ms,
        'explicit', found.explicit,
        'popularity', found.popularity,
        'isrc', found.isrc,
        'preview_url', found.preview_url,
        'external_urls', jsonb_build_object('spotify', 'https://open.spotify.com/track/' || found.id)
    )) AS answer
    FROM spotify_incoming_1_tracks AS incoming
    JOIN {path.spotify_tracks} AS found ON found.id = incoming.id
    LEFT JOIN {path.spotify_albums} AS album ON album.id = found.album_id
    LEFT JOIN credited ON credited.id = incoming.id
),
merged AS MATERIALIZED (
    SELECT locked.id, locked.spotify_data AS before, CASE
        WHEN coalesce(locked.spotify_data ->> 'id', locked.spotify_data ->> 'track_id') = locked.spotify_id
            THEN locked.spotify_data || answered.answer
        ELSE answered.answer
    END AS after
    FROM locked
    JOIN answered ON answered.id = locked.spotify_id
)
UPDATE {path.tracks} AS track
SET spotify_data = merged.after
FROM merged
WHERE track.id = merged.id AND merged.before IS DISTINCT FROM merged.after;

DELETE FROM {path.spotify_dead_letters} AS dead
USING spotify_incoming_1_matches AS incoming
WHERE dead.track_id = incoming.track_id;

DELETE FROM {path.spotify_leases} AS lease
USING spotify_incoming_1_matches AS incoming
WHERE lease.track_id = incoming.track_id AND lease.holder = %(holder)s
