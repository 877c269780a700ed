-- A dozen searches each, as an index that is at work has them.
BEGIN;
SET LOCAL enable_seqscan = off;
DO $$
BEGIN
    FOR _ IN 1 .. 12 LOOP
        PERFORM id FROM {current.tracks}
          ORDER BY lyrics_embedding OPERATOR({extension.vector.<=>})
                   (SELECT lyrics_embedding FROM {current.tracks} WHERE id = 1)
          LIMIT 5;
        PERFORM id FROM {current.analysis_results}
          WHERE embedding IS NOT NULL
          ORDER BY embedding OPERATOR({extension.vector.<=>})
                   (SELECT embedding FROM {current.analysis_results} WHERE id = 1)
          LIMIT 5;
    END LOOP;
END
$$;
COMMIT;
