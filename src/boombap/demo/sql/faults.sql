-- What the diagnostics are to find: a foreign key without an index, the same index twice, an index that nobody reads.
DROP INDEX {current.analysis_results_track_id_idx};
CREATE INDEX tracks_artist_name_idx ON {current.tracks} (artist);
CREATE INDEX tracks_song_art_url_idx ON {current.tracks} (song_art_url)
