-- The time of the check is always written: it is what keeps a row from being asked for again. The words are those of the
-- lease; without one, those that the row has now.
INSERT INTO {path.spotify_matches} AS kept (
    track_id, outcome, spotify_id, candidate_id, requested_id, score, margin, reasons, artist, title
)
SELECT
    incoming.track_id,
    incoming.outcome,
    incoming.spotify_id,
    incoming.candidate_id,
    incoming.requested_id,
    incoming.score,
    incoming.margin,
    incoming.reasons,
    CASE WHEN lease.track_id IS NULL THEN track.artist ELSE lease.artist END,
    CASE WHEN lease.track_id IS NULL THEN track.title ELSE lease.title END
FROM spotify_incoming_2_matches AS incoming
LEFT JOIN {path.tracks} AS track ON track.id = incoming.track_id
LEFT JOIN {path.spotify_leases} AS lease ON lease.track_id = incoming.track_id AND lease.holder = %(holder)s
ORDER BY incoming.track_id
ON CONFLICT (track_id) DO UPDATE SET
    outcome = excluded.outcome,
    spotify_id = excluded.spotify_id,
    candidate_id = excluded.candidate_id,
    requested_id = excluded.requested_id,
    score = excluded.score,
    margin = excluded.margin,
    reasons = excluded.reasons,
    artist = excluded.artist,
    title = excluded.title,
    checked_at = excluded.checked_at;

-- By an array, so that the rows are found by their keys whatever the statistics of the tables say.
DELETE FROM {path.spotify_dead_letters}
WHERE track_id = ANY (ARRAY(SELECT track_id FROM spotify_incoming_2_matches));

DELETE FROM {path.spotify_leases}
WHERE track_id = ANY (ARRAY(SELECT track_id FROM spotify_incoming_2_matches)) AND holder = %(holder)s
