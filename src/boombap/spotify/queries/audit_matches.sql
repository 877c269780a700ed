-- Matches whose track `tracks` does not show: the row has no metadata, or another track's. `stored` is what Spotify said about
-- the track, null where the tables do not have it. A verdict about words that the row no longer has does not count.
SELECT
    track.id,
    track.artist,
    track.title,
    verdict.spotify_id,
    CASE WHEN listed.artists IS NOT NULL THEN jsonb_build_object(
        'id', found.id,
        'track_id', found.id,
        'name', found.name,
        'artists', listed.artists,
        'duration_ms', found.duration_ms,
        'explicit', found.explicit,
        'isrc', found.isrc
    )::text END AS stored,
    verdict.reasons @> '{chosen}' AS is_chosen
FROM {path.spotify_matches} AS verdict
JOIN {path.tracks} AS track
    ON track.id = verdict.track_id
    AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
    AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
LEFT JOIN {path.spotify_tracks} AS found ON found.id = verdict.spotify_id
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('id', artist.id, 'name', artist.name) ORDER BY place.place) AS artists
    FROM unnest(found.artist_ids) WITH ORDINALITY AS place (id, place)
    JOIN {path.spotify_artists} AS artist ON artist.id = place.id
) AS listed ON true
WHERE verdict.spotify_id IS NOT NULL
    AND verdict.spotify_id IS DISTINCT FROM coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id')
    AND verdict.track_id > %(after)s
ORDER BY verdict.track_id
LIMIT %(most)s
