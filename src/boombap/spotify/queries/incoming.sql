-- Emptied by each commit, so that a connection which PgBouncer hands on carries nothing over. The version is in the
-- names, because a pooled connection may have served an older boombap.
SET LOCAL client_min_messages = warning;
-- New tables have no statistics, and the planner would read the whole of `tracks` for each batch: 39 us a row, not 23.
SET LOCAL enable_seqscan = off;
-- The entries of a GIN index on `spotify_data` are sorted in by vacuum, and not while the run waits: 52 us a row become 39.
SET LOCAL gin_pending_list_limit = '64MB';
-- A crash of the server loses the last batches whole, verdicts and metadata together: they are asked for again. 4 us a row.
SET LOCAL synchronous_commit = off;
CREATE TEMP TABLE IF NOT EXISTS spotify_incoming_2_artists (id varchar(22), name text) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS spotify_incoming_2_albums (
    id varchar(22), name text, release_date varchar(10), kind varchar(32), total_tracks integer
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS spotify_incoming_2_tracks (
    id varchar(22), name text, artist_ids varchar(22)[], album_id varchar(22), duration_ms integer, explicit boolean,
    isrc varchar(15), popularity smallint, track_number integer, disc_number integer, preview_url text,
    name_hash bigint
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS spotify_incoming_2_matches (
    track_id bigint, outcome varchar(16), spotify_id varchar(22), candidate_id varchar(22), requested_id varchar(22),
    score real, margin real, reasons text[]
) ON COMMIT DELETE ROWS
