-- Ended, not deleted: the documented rights on this table are enough for it.
UPDATE {path.spotify_cooldowns} SET cooldown_until = now() WHERE account = %(account)s AND cooldown_until > now()
