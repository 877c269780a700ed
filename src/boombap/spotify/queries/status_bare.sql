-- Before the first run, when the tables of the processor are not there yet.
SELECT
    count(*) AS tracks,
    count(*) FILTER (WHERE spotify_data IS NOT NULL AND spotify_data NOT IN ('null', '{}')) AS unjudged,
    count(*) FILTER (WHERE spotify_data IS NULL OR spotify_data IN ('null', '{}')) AS empty
FROM {path.tracks}
