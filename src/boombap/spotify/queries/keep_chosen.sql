-- What a person chose for the words of a row stays, whatever a run found for them; only the time of its check is renewed.
UPDATE spotify_incoming_2_matches AS incoming
SET outcome = chosen.outcome,
    spotify_id = chosen.spotify_id,
    candidate_id = NULL,
    requested_id = chosen.requested_id,
    score = chosen.score,
    margin = NULL,
    reasons = chosen.reasons
FROM {path.spotify_matches} AS chosen
JOIN {path.tracks} AS track ON track.id = chosen.track_id
LEFT JOIN {path.spotify_leases} AS lease ON lease.track_id = chosen.track_id AND lease.holder = %(holder)s
WHERE chosen.track_id = incoming.track_id
    AND chosen.reasons @> '{chosen}'
    AND NOT incoming.reasons @> '{chosen}'
    AND chosen.artist IS NOT DISTINCT FROM
        (CASE WHEN lease.track_id IS NULL THEN track.artist ELSE lease.artist END)::text COLLATE "C"
    AND chosen.title IS NOT DISTINCT FROM
        (CASE WHEN lease.track_id IS NULL THEN track.title ELSE lease.title END)::text COLLATE "C"
