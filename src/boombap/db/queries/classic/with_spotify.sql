SELECT count(*) AS value FROM {tracks} WHERE spotify_data IS NOT NULL
