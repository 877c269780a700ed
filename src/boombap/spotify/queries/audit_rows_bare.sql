-- Without what Spotify said: for statistics, and before the first run, when the tables of the processor are not there yet.
SELECT track.id, track.artist, track.title, track.spotify_data::text AS stored, NULL AS known, false AS is_chosen
FROM {path.tracks} AS track
WHERE track.spotify_data IS NOT NULL AND track.spotify_data <> 'null' AND track.id > %(after)s
ORDER BY track.id
LIMIT %(most)s
