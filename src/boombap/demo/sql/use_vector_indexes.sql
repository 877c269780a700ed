-- A dozen searches each, as an index that is at work has them.
BEGIN;
SET LOCAL enable_seqscan = off;
DO $$
BEGIN
    FOR _ IN 1 .. 12 LOOP
        PERFORM id FROM tracks ORDER BY lyrics_embedding <=> (SELECT lyrics_embedding FROM tracks WHERE id = 1) LIMIT 5;
        PERFORM id FROM analysis_results
          WHERE embedding IS NOT NULL
          ORDER BY embedding <=> (SELECT embedding FROM analysis_results WHERE id = 1) LIMIT 5;
    END LOOP;
END
$$;
COMMIT;
