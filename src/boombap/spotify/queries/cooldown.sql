SELECT extract(epoch FROM cooldown_until - now())::double precision AS left_s
FROM {path.spotify_cooldowns}
WHERE account = %(account)s
