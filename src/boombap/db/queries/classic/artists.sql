SELECT count(DISTINCT artist) AS value FROM {tracks}
