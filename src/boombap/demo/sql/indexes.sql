BEGIN;
SET LOCAL maintenance_work_mem = '256MB';
CREATE INDEX tracks_artist_idx ON {current.tracks} (artist);
CREATE INDEX tracks_title_idx ON {current.tracks} (title);
CREATE INDEX tracks_with_lyrics_idx ON {current.tracks} (id) WHERE lyrics IS NOT NULL;
CREATE INDEX tracks_spotify_data_idx ON {current.tracks} USING gin (spotify_data);
CREATE INDEX analysis_results_track_id_idx ON {current.analysis_results} (track_id);
CREATE INDEX analysis_results_analyzer_type_idx ON {current.analysis_results} (analyzer_type);
CREATE INDEX analysis_results_created_at_idx ON {current.analysis_results} (created_at);
ALTER TABLE {current.ml_features} ADD CONSTRAINT ml_features_track_id_key UNIQUE (track_id);
ALTER TABLE {current.ml_features} ADD CONSTRAINT ml_features_track_id_fkey
    FOREIGN KEY (track_id) REFERENCES {current.tracks} (id);
ALTER TABLE {current.analysis_results} ADD CONSTRAINT analysis_results_track_id_fkey
    FOREIGN KEY (track_id) REFERENCES {current.tracks} (id);
COMMIT;
