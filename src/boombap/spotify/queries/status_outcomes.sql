SELECT outcome, count(*) AS n FROM spotify_matches GROUP BY outcome ORDER BY outcome
