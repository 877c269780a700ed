-- Verdicts about rows that are gone, or have other words by now, do not count.
SELECT verdict.outcome, count(*) AS n
FROM {path.spotify_matches} AS verdict
JOIN {path.tracks} AS track
    ON track.id = verdict.track_id
    AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
GROUP BY verdict.outcome
ORDER BY verdict.outcome
