-- Each vector is a window into one long row of numbers, so that all differ and none costs more than a copy. The first tracks
-- get theirs, as after a first batch; the width of lyrics_embedding is read from the column, because the drifted one differs.
WITH noise AS MATERIALIZED (
    SELECT array_agg((mod(hashint4(i), 1000) / 1000.0)::real ORDER BY i) AS numbers
    FROM generate_series(1, %(filled)s + 768) AS i
), width AS (
    SELECT atttypmod AS lyrics
    FROM pg_attribute
    WHERE attrelid = '{current.tracks}'::regclass AND attname = 'lyrics_embedding'
)
UPDATE {current.tracks}
SET lyrics_embedding = numbers[id:id + width.lyrics - 1]::{extension.vector.vector},
    flow_embedding = numbers[id:id + 383]::{extension.vector.vector},
    audio_embedding = numbers[id:id + 127]::{extension.vector.vector},
    embedding_model = 'sample-minilm',
    embedding_timestamp = created_at + interval '20 days'
FROM noise, width
WHERE id <= %(filled)s;

WITH noise AS MATERIALIZED (
    SELECT array_agg((mod(hashint4(i), 1000) / 1000.0)::real ORDER BY i) AS numbers
    FROM generate_series(1, %(filled)s + 256) AS i
)
UPDATE {current.analysis_results}
SET embedding = numbers[id:id + 255]::{extension.vector.vector}
FROM noise
WHERE id <= %(filled)s
