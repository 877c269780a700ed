DELETE FROM {path.spotify_dead_letters} WHERE track_id = %(track_id)s;
INSERT INTO {path.spotify_dead_letters} (track_id, sqlstate, reason, row_json, artist, title)
SELECT
    refused.track_id,
    %(sqlstate)s,
    %(reason)s,
    %(row_json)s,
    CASE WHEN lease.track_id IS NULL THEN track.artist ELSE lease.artist END,
    CASE WHEN lease.track_id IS NULL THEN track.title ELSE lease.title END
FROM (VALUES (%(track_id)s::bigint)) AS refused (track_id)
LEFT JOIN {path.tracks} AS track ON track.id = refused.track_id
LEFT JOIN {path.spotify_leases} AS lease ON lease.track_id = refused.track_id AND lease.holder = %(holder)s;
DELETE FROM {path.spotify_leases} WHERE track_id = %(track_id)s AND holder = %(holder)s
