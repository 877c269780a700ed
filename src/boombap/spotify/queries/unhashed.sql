SELECT track.id, track.name, artist.name AS artist
FROM {path.spotify_tracks} AS track
LEFT JOIN {path.spotify_artists} AS artist ON artist.id = track.artist_ids[1]
WHERE track.name_hash IS NULL
ORDER BY track.id
LIMIT %(most)s
