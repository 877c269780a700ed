-- Not every table has `audio_features`: where `tracks` lacks it, the name means the NULL outside of the inner query.
SELECT exported.*
FROM (SELECT NULL::jsonb AS audio_features) AS absent
CROSS JOIN LATERAL (
    SELECT
        track.id,
        track.artist,
        track.title,
        verdict.outcome,
        verdict.spotify_id,
        found.name,
        ARRAY(
            SELECT artist.name
            FROM unnest(found.artist_ids) WITH ORDINALITY AS listed (id, place)
            JOIN {path.spotify_artists} AS artist ON artist.id = listed.id
            ORDER BY listed.place
        ) AS artists,
        album.name AS album,
        album.release_date,
        found.duration_ms,
        found.explicit,
        found.popularity,
        found.isrc,
        audio_features::text AS audio_features
    FROM {path.tracks} AS track
    LEFT JOIN {path.spotify_matches} AS verdict
        ON verdict.track_id = track.id
        AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
        AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
    LEFT JOIN {path.spotify_tracks} AS found ON found.id = verdict.spotify_id
    LEFT JOIN {path.spotify_albums} AS album ON album.id = found.album_id
    WHERE track.id > %(after)s AND (NOT %(is_matched)s OR verdict.outcome = 'matched')
    ORDER BY track.id
    LIMIT %(most)s
) AS exported
ORDER BY exported.id
