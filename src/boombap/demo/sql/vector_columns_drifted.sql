-- As vector_columns.sql, but lyrics_embedding as another of the team's three sources declares it.
CREATE EXTENSION IF NOT EXISTS vector SCHEMA {current};
ALTER TABLE {current.tracks}
    ADD COLUMN lyrics_embedding {extension.vector.vector}(768),
    ADD COLUMN flow_embedding {extension.vector.vector}(384),
    ADD COLUMN audio_embedding {extension.vector.vector}(128);
ALTER TABLE {current.analysis_results} ADD COLUMN embedding {extension.vector.vector}(256);
