SELECT outcome, count(*) AS n FROM {path.spotify_matches} GROUP BY outcome ORDER BY outcome
