-- A verdict belongs to the artist and title that it was made for. Those of version 1 are taken to be about what the rows
-- say now. COLLATE "C" compares them byte by byte, whatever the columns of `tracks` do.
ALTER TABLE {path.spotify_matches}
    ADD COLUMN IF NOT EXISTS artist text COLLATE "C",
    ADD COLUMN IF NOT EXISTS title text COLLATE "C";
ALTER TABLE {path.spotify_dead_letters}
    ADD COLUMN IF NOT EXISTS artist text COLLATE "C",
    ADD COLUMN IF NOT EXISTS title text COLLATE "C";
ALTER TABLE {path.spotify_leases}
    ADD COLUMN IF NOT EXISTS artist text COLLATE "C",
    ADD COLUMN IF NOT EXISTS title text COLLATE "C";

-- Version 1 did not search by name for an id that Spotify does not know.
DELETE FROM {path.spotify_matches} WHERE outcome = 'not_found' AND reasons = '{unknown_id}';

UPDATE {path.spotify_matches} AS verdict
SET artist = track.artist, title = track.title
FROM {path.tracks} AS track
WHERE track.id = verdict.track_id;

COMMENT ON TABLE {path.spotify_matches} IS 'boombap spotify schema 2: the verdict about each row of tracks';
