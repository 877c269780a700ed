-- As vector_columns.sql, but lyrics_embedding as another of the team's three sources declares it.
CREATE EXTENSION IF NOT EXISTS vector;
ALTER TABLE tracks
    ADD COLUMN lyrics_embedding vector(768),
    ADD COLUMN flow_embedding vector(384),
    ADD COLUMN audio_embedding vector(128);
ALTER TABLE analysis_results ADD COLUMN embedding vector(256);
