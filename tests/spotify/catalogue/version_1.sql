-- The tables of version 1, as pg_dump writes them, with a few rows.
CREATE TABLE public.spotify_artists (
    id varchar(22) PRIMARY KEY,
    name text NOT NULL,
    checked_on date NOT NULL DEFAULT current_date
);

CREATE TABLE public.spotify_albums (
    id varchar(22) PRIMARY KEY,
    name text NOT NULL,
    release_date varchar(10),
    kind varchar(32),
    total_tracks integer,
    checked_on date NOT NULL DEFAULT current_date
);

CREATE TABLE public.spotify_tracks (
    id varchar(22) PRIMARY KEY,
    name text NOT NULL,
    artist_ids varchar(22)[] NOT NULL,
    album_id varchar(22),
    duration_ms integer,
    explicit boolean,
    isrc varchar(15),
    popularity smallint,
    track_number integer,
    disc_number integer,
    preview_url text,
    checked_on date NOT NULL DEFAULT current_date
);

CREATE TABLE public.spotify_matches (
    track_id bigint PRIMARY KEY,
    outcome varchar(16) NOT NULL CHECK (outcome IN ('matched', 'ambiguous', 'not_found', 'local_only')),
    spotify_id varchar(22) CHECK ((outcome = 'matched') = (spotify_id IS NOT NULL)),
    candidate_id varchar(22),
    requested_id varchar(22),
    score real NOT NULL,
    margin real,
    reasons text[] NOT NULL,
    checked_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX spotify_matches_spotify_id ON public.spotify_matches (spotify_id) WHERE spotify_id IS NOT NULL;

CREATE TABLE public.spotify_dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    track_id bigint,
    sqlstate varchar(5) NOT NULL,
    reason text NOT NULL,
    row_json text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX spotify_dead_letters_track_id ON public.spotify_dead_letters (track_id);

CREATE UNLOGGED TABLE public.spotify_leases (
    track_id bigint PRIMARY KEY,
    holder integer NOT NULL,
    ends_at timestamptz NOT NULL
);

CREATE TABLE public.spotify_cooldowns (
    account varchar(64) PRIMARY KEY,
    cooldown_until timestamptz NOT NULL,
    reason text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE public.spotify_artists IS 'boombap spotify: artists as Spotify names them';
COMMENT ON TABLE public.spotify_albums IS 'boombap spotify: albums; release_date has the precision that Spotify has';
COMMENT ON TABLE public.spotify_tracks IS 'boombap spotify: tracks as Spotify describes them';
COMMENT ON TABLE public.spotify_dead_letters IS 'boombap spotify: rows that this server refused, and why';
COMMENT ON TABLE public.spotify_leases IS 'boombap spotify: rows of tracks that a process works on now';
COMMENT ON TABLE public.spotify_cooldowns IS 'boombap spotify: until when no process may call, by developer account';

COMMENT ON TABLE public.spotify_matches IS 'boombap spotify schema 1: the verdict about each row of tracks';

INSERT INTO public.spotify_matches (track_id, outcome, spotify_id, score, reasons) VALUES
    (1, 'matched', '0000000000000000000001', 1, '{id}'),
    (2, 'not_found', NULL, 0, '{no_candidates}'),
    (3, 'not_found', NULL, 0, '{unknown_id}'),
    (2000000, 'matched', '0000000000000000000002', 1, '{id}');
INSERT INTO public.spotify_dead_letters (track_id, sqlstate, reason, row_json) VALUES (4, '22021', 'NUL', '[]');
