DELETE FROM {path.spotify_dead_letters} WHERE track_id = %(track_id)s;
INSERT INTO {path.spotify_dead_letters} (track_id, sqlstate, reason, row_json)
VALUES (%(track_id)s, %(sqlstate)s, %(reason)s, %(row_json)s);
DELETE FROM {path.spotify_leases} WHERE track_id = %(track_id)s AND holder = %(holder)s
