-- For those who read tracks.spotify_data, in the keys of both shapes that are in use. What an earlier answer about the
-- same track said, and this one leaves out, stays. What was stored for other words than the row has now is another song's,
-- and goes; a row whose words have changed since it was leased waits for its own verdict.
-- Each step is MATERIALIZED because the planner would otherwise build every document twice, to compare and to write.
WITH locked AS MATERIALIZED (
    SELECT track.id, incoming.spotify_id, track.spotify_data
    FROM {path.tracks} AS track
    JOIN spotify_incoming_2_matches AS incoming ON incoming.track_id = track.id
    LEFT JOIN {path.spotify_leases} AS lease ON lease.track_id = track.id AND lease.holder = %(holder)s
    LEFT JOIN {path.spotify_matches} AS earlier ON earlier.track_id = track.id
    WHERE (
            lease.track_id IS NULL
            OR (lease.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
                AND lease.title IS NOT DISTINCT FROM track.title::text COLLATE "C")
        )
        AND (
            incoming.spotify_id IS NOT NULL
            OR (
                earlier.spotify_id = coalesce(track.spotify_data ->> 'id', track.spotify_data ->> 'track_id')
                AND NOT (earlier.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
                    AND earlier.title IS NOT DISTINCT FROM track.title::text COLLATE "C")
            )
        )
    ORDER BY track.id
    FOR NO KEY UPDATE OF track
),
credited AS MATERIALIZED (
    SELECT
        incoming.id,
        jsonb_agg(jsonb_build_object('id', artist.id, 'name', artist.name) ORDER BY listed.place) AS artists
    FROM spotify_incoming_2_tracks AS incoming
    CROSS JOIN unnest(incoming.artist_ids) WITH ORDINALITY AS listed (id, place)
    JOIN spotify_incoming_2_artists AS artist ON artist.id = listed.id
    GROUP BY incoming.id
),
answered AS MATERIALIZED (
    SELECT found.id, jsonb_strip_nulls(jsonb_build_object(
        'id', found.id,
        'track_id', found.id,
        'name', found.name,
        'artists', credited.artists,
        'album', CASE WHEN album.id IS NOT NULL THEN jsonb_build_object(
            'id', album.id, 'name', album.name, 'release_date', album.release_date
        ) END,
        'album_id', album.id,
        'album_name', album.name,
        'release_date', album.release_date,
        'duration_ms', found.duration_ms,
        'explicit', found.explicit,
        'popularity', found.popularity,
        'isrc', found.isrc,
        'preview_url', found.preview_url,
        'external_urls', jsonb_build_object('spotify', 'https://open.spotify.com/track/' || found.id)
    )) AS answer
    FROM spotify_incoming_2_tracks AS incoming
    JOIN {path.spotify_tracks} AS found ON found.id = incoming.id
    LEFT JOIN {path.spotify_albums} AS album ON album.id = found.album_id
    LEFT JOIN credited ON credited.id = incoming.id
),
merged AS MATERIALIZED (
    SELECT locked.id, locked.spotify_data AS before, CASE
        WHEN coalesce(locked.spotify_data ->> 'id', locked.spotify_data ->> 'track_id') = locked.spotify_id
            THEN locked.spotify_data || answered.answer
        ELSE answered.answer
    END AS after
    FROM locked
    LEFT JOIN answered ON answered.id = locked.spotify_id
    WHERE locked.spotify_id IS NULL OR answered.id IS NOT NULL
)
UPDATE {path.tracks} AS track
SET spotify_data = merged.after
FROM merged
WHERE track.id = merged.id AND merged.before IS DISTINCT FROM merged.after
