SELECT extract(epoch FROM cooldown_until - now())::double precision AS left_s, reason
FROM {path.spotify_cooldowns}
WHERE account = %(account)s AND cooldown_until > now()
