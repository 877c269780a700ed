-- The team's schema as production runs it, less what needs pgvector (vector_columns.sql) and less the indexes, which are
-- built after the data. The comments mark the tables as ours: nothing without the mark is ever dropped.
CREATE TABLE {current.tracks} (
    id serial PRIMARY KEY,
    title varchar(500) NOT NULL,
    artist varchar(200) NOT NULL,
    lyrics text,
    url text,
    genius_id integer,
    scraped_date timestamp,
    word_count integer,
    genre varchar(100),
    release_date date,
    album varchar(200),
    language varchar(10),
    explicit boolean,
    song_art_url text,
    popularity_score integer,
    lyrics_quality_score real,
    created_at timestamp DEFAULT now(),
    spotify_data jsonb,
    embedding_model varchar(100),
    embedding_timestamp timestamp,
    audio_features jsonb
);

CREATE TABLE {current.analysis_results} (
    id serial PRIMARY KEY,
    track_id integer,
    analyzer_type varchar(50),
    sentiment varchar(50),
    confidence numeric(5, 4),
    themes text,
    analysis_data jsonb,
    created_at timestamp DEFAULT now(),
    complexity_score numeric(5, 2),
    processing_time_ms integer,
    model_version varchar(50)
);

CREATE TABLE {current.ml_features} (
    id serial PRIMARY KEY,
    track_id integer NOT NULL,
    rhyme_density real,
    flow_complexity real,
    emotion_joy real,
    emotion_anger real,
    emotion_fear real,
    emotion_sadness real,
    emotion_surprise real,
    emotion_love real,
    semantic_coherence real,
    vocabulary_richness real,
    metaphor_density real,
    feature_version varchar(20),
    created_at timestamp DEFAULT now(),
    updated_at timestamp DEFAULT now()
);

CREATE TABLE {current.dataset_versions} (
    id serial PRIMARY KEY,
    version_tag varchar(50) NOT NULL CONSTRAINT dataset_versions_version_tag_key UNIQUE,
    description text,
    track_count integer,
    feature_schema jsonb,
    dataset_hash varchar(64),
    created_at timestamp DEFAULT now(),
    metadata jsonb
);

COMMENT ON TABLE {current.tracks} IS 'boombap sample';
COMMENT ON TABLE {current.analysis_results} IS 'boombap sample';
COMMENT ON TABLE {current.ml_features} IS 'boombap sample';
COMMENT ON TABLE {current.dataset_versions} IS 'boombap sample';
