-- In the order of the ids, as the writer locks them.
WITH locked AS MATERIALIZED (
    SELECT track.id, hashed.name, hashed.name_hash
    FROM {path.spotify_tracks} AS track
    JOIN unnest(%(ids)s::text[], %(names)s::text[], %(hashes)s::bigint[]) AS hashed (id, name, name_hash)
        ON hashed.id = track.id
    ORDER BY track.id
    FOR NO KEY UPDATE OF track
)
UPDATE {path.spotify_tracks} AS track
SET name_hash = locked.name_hash
FROM locked
WHERE track.id = locked.id AND track.name = locked.name
