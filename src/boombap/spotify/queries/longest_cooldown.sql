SELECT greatest(extract(epoch FROM max(cooldown_until) - now()), 0)::double precision AS left_s
FROM {path.spotify_cooldowns}
