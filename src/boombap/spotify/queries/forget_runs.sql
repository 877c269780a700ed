DELETE FROM {path.spotify_runs}
WHERE updated_at < now() - interval '30 days' AND run < (SELECT max(run) FROM {path.spotify_runs})
