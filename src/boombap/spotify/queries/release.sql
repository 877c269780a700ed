DELETE FROM {path.spotify_leases}
WHERE holder = %(holder)s AND (%(ids)s::bigint[] IS NULL OR track_id = ANY (%(ids)s::bigint[]))
