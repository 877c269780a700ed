-- Rows are locked in the order of their ids, so that two processes wait for each other and never in a circle. What is the
-- same is not written again; what Spotify leaves out (development mode has no popularity) is kept.
INSERT INTO {path.spotify_albums} AS kept (id, name, release_date, kind, total_tracks)
SELECT id, name, release_date, kind, total_tracks FROM spotify_incoming_2_albums ORDER BY id
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    release_date = coalesce(excluded.release_date, kept.release_date),
    kind = coalesce(excluded.kind, kept.kind),
    total_tracks = coalesce(excluded.total_tracks, kept.total_tracks),
    checked_on = excluded.checked_on
WHERE (kept.name, kept.release_date, kept.kind, kept.total_tracks, kept.checked_on) IS DISTINCT FROM (
    excluded.name,
    coalesce(excluded.release_date, kept.release_date),
    coalesce(excluded.kind, kept.kind),
    coalesce(excluded.total_tracks, kept.total_tracks),
    excluded.checked_on
);

INSERT INTO {path.spotify_tracks} AS kept (
    id, name, artist_ids, album_id, duration_ms, explicit, isrc, popularity, track_number, disc_number, preview_url,
    name_hash
)
SELECT
    id, name, artist_ids, album_id, duration_ms, explicit, isrc, popularity, track_number, disc_number, preview_url,
    name_hash
FROM spotify_incoming_2_tracks
ORDER BY id
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name,
    artist_ids = excluded.artist_ids,
    album_id = coalesce(excluded.album_id, kept.album_id),
    duration_ms = coalesce(excluded.duration_ms, kept.duration_ms),
    explicit = coalesce(excluded.explicit, kept.explicit),
    isrc = coalesce(excluded.isrc, kept.isrc),
    popularity = coalesce(excluded.popularity, kept.popularity),
    track_number = coalesce(excluded.track_number, kept.track_number),
    disc_number = coalesce(excluded.disc_number, kept.disc_number),
    preview_url = coalesce(excluded.preview_url, kept.preview_url),
    name_hash = excluded.name_hash,
    checked_on = excluded.checked_on
WHERE (
    kept.name, kept.artist_ids, kept.album_id, kept.duration_ms, kept.explicit, kept.isrc, kept.popularity,
    kept.track_number, kept.disc_number, kept.preview_url, kept.name_hash, kept.checked_on
) IS DISTINCT FROM (
    excluded.name,
    excluded.artist_ids,
    coalesce(excluded.album_id, kept.album_id),
    coalesce(excluded.duration_ms, kept.duration_ms),
    coalesce(excluded.explicit, kept.explicit),
    coalesce(excluded.isrc, kept.isrc),
    coalesce(excluded.popularity, kept.popularity),
    coalesce(excluded.track_number, kept.track_number),
    coalesce(excluded.disc_number, kept.disc_number),
    coalesce(excluded.preview_url, kept.preview_url),
    excluded.name_hash,
    excluded.checked_on
)
