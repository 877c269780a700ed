SELECT count(*) AS value FROM {tracks} WHERE length(lyrics) > 0
