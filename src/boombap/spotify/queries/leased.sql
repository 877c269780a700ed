SELECT track_id FROM {path.spotify_leases} WHERE track_id = ANY (%(ids)s::bigint[]) ORDER BY track_id
