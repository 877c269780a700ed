SELECT to_regclass('{path.spotify_quarantine}') IS NOT NULL AS has_quarantine
