-- How far each process of a run over the table has come; without a shard a run is shard 1 of 1. Hosts are not in it: the
-- times are the server's, and a process is known by the number under which it holds its leases.
CREATE TABLE IF NOT EXISTS {current.spotify_runs} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run integer NOT NULL,
    action varchar(16) NOT NULL,
    shard integer NOT NULL,
    shards integer NOT NULL,
    holder integer NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    total bigint,
    tracks bigint NOT NULL DEFAULT 0,
    matched bigint NOT NULL DEFAULT 0,
    requests bigint NOT NULL DEFAULT 0,
    exit_code smallint,
    ended_by text,
    CHECK (shard BETWEEN 1 AND shards)
);
CREATE INDEX IF NOT EXISTS spotify_runs_run ON {current.spotify_runs} (run);

COMMENT ON TABLE {current.spotify_runs} IS 'boombap spotify: progress and result of each shard of a run';

COMMENT ON TABLE {path.spotify_matches} IS 'boombap spotify schema 4: the verdict about each row of tracks';
