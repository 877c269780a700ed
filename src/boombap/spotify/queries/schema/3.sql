-- Stored tracks are found by their names: the hash of the first artist and the title, as the matching compares them. It is
-- null until the next batch fills it in.
ALTER TABLE {path.spotify_tracks} ADD COLUMN IF NOT EXISTS name_hash bigint;
CREATE INDEX IF NOT EXISTS spotify_tracks_name_hash ON {path.spotify_tracks} (name_hash);

COMMENT ON TABLE {path.spotify_matches} IS 'boombap spotify schema 3: the verdict about each row of tracks';
