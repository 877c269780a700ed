-- Candidates for wanted names, and the tracks of wanted ids.
SELECT
    track.id,
    track.name,
    (
        SELECT jsonb_agg(jsonb_build_array(artist.id, artist.name) ORDER BY listed.place)
        FROM unnest(track.artist_ids) WITH ORDINALITY AS listed (id, place)
        JOIN {path.spotify_artists} AS artist ON artist.id = listed.id
    ) AS artists,
    CASE WHEN album.id IS NOT NULL THEN jsonb_build_array(
        album.id, album.name, album.release_date, album.kind, album.total_tracks
    ) END AS album,
    track.duration_ms,
    track.explicit,
    track.isrc,
    track.popularity,
    track.track_number,
    track.disc_number,
    track.preview_url,
    extract(epoch FROM now() - track.checked_on)::double precision AS age_s,
    track.name_hash
FROM {path.spotify_tracks} AS track
LEFT JOIN {path.spotify_albums} AS album ON album.id = track.album_id
WHERE track.name_hash = ANY (%(hashes)s::bigint[]) OR track.id = ANY (%(ids)s::text[])
