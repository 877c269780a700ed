-- Matched tracks that the tables have and that did not come with the batch, as if they came with it.
INSERT INTO spotify_incoming_2_tracks (id, artist_ids)
SELECT known.id, known.artist_ids
FROM {path.spotify_tracks} AS known
WHERE known.id IN (SELECT spotify_id FROM spotify_incoming_2_matches)
    AND known.id NOT IN (SELECT id FROM spotify_incoming_2_tracks);

INSERT INTO spotify_incoming_2_artists (id, name)
SELECT artist.id, artist.name
FROM {path.spotify_artists} AS artist
WHERE artist.id IN (SELECT unnest(artist_ids) FROM spotify_incoming_2_tracks)
    AND artist.id NOT IN (SELECT id FROM spotify_incoming_2_artists)
