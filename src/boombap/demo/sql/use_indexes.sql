-- A dozen scans of every index, as indexes that are at work have them. On a small sample the planner would rather read the
-- table.
BEGIN;
SET LOCAL enable_seqscan = off;
DO $$
BEGIN
    FOR _ IN 1 .. 12 LOOP
        PERFORM count(*) FROM {current.tracks} WHERE id = 1;
        PERFORM count(*) FROM {current.tracks} WHERE lyrics IS NOT NULL;
        PERFORM count(*) FROM {current.tracks} WHERE artist = 'Nas';
        PERFORM count(*) FROM {current.tracks} WHERE title = 'Juicy';
        PERFORM count(*) FROM {current.tracks} WHERE spotify_data @> '{"popularity": 50}';
        PERFORM count(*) FROM {current.analysis_results} WHERE id = 1;
        PERFORM count(*) FROM {current.analysis_results} WHERE track_id = 1;
        PERFORM count(*) FROM {current.analysis_results} WHERE analyzer_type = 'ollama';
        PERFORM count(*) FROM {current.analysis_results} WHERE created_at < timestamp '2025-01-01';
        PERFORM count(*) FROM {current.ml_features} WHERE id = 1;
        PERFORM count(*) FROM {current.ml_features} WHERE track_id = 1;
        PERFORM count(*) FROM {current.dataset_versions} WHERE id = 1;
        PERFORM count(*) FROM {current.dataset_versions} WHERE version_tag = 'v1.0';
    END LOOP;
END
$$;
COMMIT;
