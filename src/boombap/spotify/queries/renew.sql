UPDATE {path.spotify_leases} SET ends_at = now() + make_interval(secs => %(lease_s)s) WHERE holder = %(holder)s
