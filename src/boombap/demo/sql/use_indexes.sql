-- One scan of every index, so that none of them counts as unused. On a small sample the planner would rather read the table.
BEGIN;
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM tracks WHERE id = 1;
SELECT count(*) FROM tracks WHERE lyrics IS NOT NULL;
SELECT count(*) FROM tracks WHERE artist = 'Nas';
SELECT count(*) FROM tracks WHERE title = 'Juicy';
SELECT count(*) FROM tracks WHERE spotify_data @> '{"popularity": 50}';
SELECT count(*) FROM analysis_results WHERE id = 1;
SELECT count(*) FROM analysis_results WHERE track_id = 1;
SELECT count(*) FROM analysis_results WHERE analyzer_type = 'ollama';
SELECT count(*) FROM analysis_results WHERE created_at < timestamp '2025-01-01';
SELECT count(*) FROM ml_features WHERE id = 1;
SELECT count(*) FROM ml_features WHERE track_id = 1;
SELECT count(*) FROM dataset_versions WHERE id = 1;
SELECT count(*) FROM dataset_versions WHERE version_tag = 'v1.0';
COMMIT;
