SELECT max(created_at) AS value FROM {tracks}
