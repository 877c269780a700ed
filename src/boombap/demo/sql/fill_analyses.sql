-- Row r of an analyzer belongs to one of its `tracks` tracks, counted from `first_track` and again from there when it has more
-- rows than tracks; its time lies at the same share of the analyzer's campaign.
INSERT INTO {current.analysis_results} (
    id, track_id, analyzer_type, sentiment, confidence, themes, analysis_data, created_at, complexity_score,
    processing_time_ms, model_version
)
SELECT
    a.rows_before + r,
    1 + mod(mod(r - 1, a.tracks) + a.first_track - 1, %(analysed_tracks)s),
    a.name,
    (ARRAY['positive', 'negative', 'neutral'])[1 + mod(h, 3)],
    (mod(h, 10000) / 10000.0)::numeric(5, 4),
    (ARRAY[
        '["street life", "loyalty"]', '["money", "success"]', '["struggle"]', '["love", "family"]', '["party"]',
        '["social critique", "police"]', '["battle", "wordplay"]', '[]'
    ])[1 + mod(h, 8)],
    jsonb_build_object('rhyme_density', mod(h, 97), 'flow', mod(h, 89), 'unique_words', 40 + mod(h, 211)),
    a.started::timestamp + a.days * interval '1 second' * floor(86400.0 * r / a.rows),
    (mod(h, 1000) / 10.0)::numeric(5, 2),
    a.fastest_ms + mod(h, a.fastest_ms * 2),
    a.name || '/1.' || mod(h, 3)
FROM json_to_recordset(%(analyzers)s) AS a(
    name text, rows integer, tracks integer, first_track integer, rows_before integer, started text, days integer,
    fastest_ms integer
)
CROSS JOIN LATERAL generate_series(1, a.rows) AS r
CROSS JOIN LATERAL (SELECT abs(hashint4(a.rows_before + r)::bigint) AS h) AS hashed
