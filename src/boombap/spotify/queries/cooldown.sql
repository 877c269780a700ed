SELECT extract(epoch FROM cooldown_until - now())::double precision AS left_s
FROM spotify_cooldowns
WHERE account = %(account)s
