-- Built after the data, so that the lists have something to cluster. The team's 100 lists are meant for 57,718 vectors; a
-- sample has an eighth of them. Few analyses have an embedding, so their index says so.
BEGIN;
SET LOCAL maintenance_work_mem = '256MB';
CREATE INDEX tracks_lyrics_embedding_idx ON {current.tracks}
    USING ivfflat (lyrics_embedding {extension.vector.vector_cosine_ops}) WITH (lists = 10);
CREATE INDEX analysis_results_embedding_idx ON {current.analysis_results}
    USING ivfflat (embedding {extension.vector.vector_cosine_ops}) WITH (lists = 10)
    WHERE embedding IS NOT NULL;
COMMIT;
