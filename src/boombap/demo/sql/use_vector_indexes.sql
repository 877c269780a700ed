BEGIN;
SET LOCAL enable_seqscan = off;
SELECT id FROM tracks ORDER BY lyrics_embedding <=> (SELECT lyrics_embedding FROM tracks WHERE id = 1) LIMIT 5;
SELECT id FROM analysis_results ORDER BY embedding <=> (SELECT embedding FROM analysis_results WHERE id = 1) LIMIT 5;
COMMIT;
