SELECT count(*) AS value FROM {tracks}
