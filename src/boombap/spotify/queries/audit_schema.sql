-- Nothing is thrown away: what an audit takes out of `tracks` can be put back from here.
CREATE TABLE IF NOT EXISTS {current.spotify_quarantine} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    track_id bigint NOT NULL,
    spotify_data jsonb NOT NULL,
    verdict varchar(16) NOT NULL,
    reasons text[] NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS spotify_quarantine_track_id ON {current.spotify_quarantine} (track_id);

COMMENT ON TABLE {current.spotify_quarantine} IS 'boombap spotify: stored answers that an audit found wrong'
