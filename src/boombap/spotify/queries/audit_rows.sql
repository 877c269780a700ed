-- What is stored, as text: the driver does not decode what may be malformed. With what Spotify itself said about the id.
SELECT
    track.id,
    track.artist,
    track.title,
    track.spotify_data::text AS stored,
    CASE WHEN found.id IS NOT NULL THEN jsonb_build_object(
        'id', found.id,
        'track_id', found.id,
        'name', found.name,
        'artists', (
            SELECT jsonb_agg(jsonb_build_object('id', artist.id, 'name', artist.name) ORDER BY listed.place)
            FROM unnest(found.artist_ids) WITH ORDINALITY AS listed (id, place)
            JOIN {path.spotify_artists} AS artist ON artist.id = listed.id
        ),
        'duration_ms', found.duration_ms,
        'explicit', found.explicit,
        'isrc', found.isrc
    )::text END AS known,
    chosen.track_id IS NOT NULL AS is_chosen
FROM {path.tracks} AS track
LEFT JOIN {path.spotify_tracks} AS found
    ON found.id = coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id')
LEFT JOIN {path.spotify_matches} AS chosen
    ON chosen.track_id = track.id
    AND chosen.reasons @> '{chosen}'
    AND chosen.spotify_id = coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id')
    AND chosen.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND chosen.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
WHERE track.spotify_data IS NOT NULL AND track.spotify_data <> 'null' AND track.id > %(after)s
ORDER BY track.id
LIMIT %(most)s
