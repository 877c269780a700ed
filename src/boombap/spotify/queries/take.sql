-- SKIP LOCKED keeps two processes that take at the same moment apart; DO NOTHING keeps what another one took since this
-- statement's snapshot. `wanted.sql` then leaves out what another one finished since. A verdict for other words than the
-- row has now does not count; the lease keeps those that the next one will be about. A row's shard is a hash of its id, the
-- middle bits of a product (Knuth, TAOCP 6.4), so that every version of PostgreSQL gives the same one.
WITH picked AS MATERIALIZED (
    SELECT track.id, track.artist, track.title
    FROM {path.tracks} AS track
    LEFT JOIN {path.spotify_matches} AS verdict
        ON verdict.track_id = track.id
        AND verdict.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
        AND verdict.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
    LEFT JOIN {path.spotify_tracks} AS known ON known.id = verdict.spotify_id
    WHERE track.id > %(after)s
        AND (%(shards)s = 1 OR mod(
            ((track.id::bigint # (track.id::bigint >> 32)) & 4294967295) * 1640531527 >> 16 & 2147483647, %(shards)s
        ) = %(shard)s - 1)
        AND (%(ids)s::bigint[] IS NULL OR track.id = ANY (%(ids)s::bigint[]))
        AND CASE
            WHEN track.id = ANY (%(asked)s::bigint[]) THEN 0
            WHEN verdict.outcome = 'matched' THEN CASE
                WHEN verdict.checked_at < now() - make_interval(secs => %(refresh_s)s) THEN 1
                WHEN known.id IS NULL AND (track.spotify_data IS NULL OR track.spotify_data IN ('null', '{}')) THEN 2
            END
            WHEN verdict.outcome IS NOT NULL THEN
                CASE WHEN verdict.checked_at < now() - make_interval(secs => %(miss_s)s) THEN 2 END
            WHEN track.spotify_data IS NULL OR track.spotify_data IN ('null', '{}') THEN 2
            ELSE 3
        END = %(phase)s
        AND NOT EXISTS (SELECT FROM {path.spotify_leases} AS lease WHERE lease.track_id = track.id)
        AND (
            track.id = ANY (%(asked)s::bigint[])
            OR NOT EXISTS (
                SELECT FROM {path.spotify_dead_letters} AS dead
                WHERE dead.track_id = track.id AND dead.failed_at > now() - make_interval(secs => %(miss_s)s)
                    AND dead.artist IS NOT DISTINCT FROM track.artist::text COLLATE "C"
                    AND dead.title IS NOT DISTINCT FROM track.title::text COLLATE "C"
            )
        )
    ORDER BY track.id
    LIMIT %(most)s
    FOR UPDATE OF track SKIP LOCKED
),
taken AS (
    INSERT INTO {path.spotify_leases} (track_id, holder, ends_at, artist, title)
    SELECT picked.id, %(holder)s, now() + make_interval(secs => %(lease_s)s), picked.artist, picked.title
    FROM picked
    ON CONFLICT (track_id) DO NOTHING
    RETURNING track_id
)
SELECT
    (SELECT max(picked.id) FROM picked) AS last_id,
    (SELECT coalesce(array_agg(taken.track_id), '{}') FROM taken) AS ids
