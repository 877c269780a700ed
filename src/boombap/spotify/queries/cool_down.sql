INSERT INTO {path.spotify_cooldowns} AS kept (account, cooldown_until, reason)
VALUES (%(account)s, now() + make_interval(secs => %(left_s)s), %(reason)s)
ON CONFLICT (account) DO UPDATE SET
    cooldown_until = excluded.cooldown_until, reason = excluded.reason, set_at = excluded.set_at
WHERE kept.cooldown_until < excluded.cooldown_until
