INSERT INTO {current.ml_features}
SELECT
    id, id,
    mod(h, 997) / 997.0, mod(h, 991) / 991.0,
    mod(h, 983) / 983.0, mod(h, 977) / 977.0, mod(h, 971) / 971.0,
    mod(h, 967) / 967.0, mod(h, 953) / 953.0, mod(h, 947) / 947.0,
    mod(h, 941) / 941.0, mod(h, 937) / 937.0, mod(h, 929) / 929.0,
    'v2', created_at + interval '30 days', created_at + interval '60 days'
FROM {current.tracks}
CROSS JOIN LATERAL (SELECT abs(hashint4(id)::bigint) AS h) AS hashed
ORDER BY id;

INSERT INTO {current.dataset_versions} (
    id, version_tag, description, track_count, feature_schema, dataset_hash, created_at, metadata
)
SELECT
    v, 'v' || v || '.0', 'sample export ' || v, (SELECT count(*) FROM {current.tracks}) * v / 3,
    '{"features": 11, "embedding": "lyrics_embedding"}', md5('dataset' || v) || md5('version' || v),
    timestamp '2025-03-01' + v * interval '61 days', jsonb_build_object('format', 'parquet', 'shards', v)
FROM generate_series(1, 3) AS v;

SELECT setval('{current.tracks_id_seq}', (SELECT max(id) FROM {current.tracks})),
       setval('{current.analysis_results_id_seq}', (SELECT max(id) FROM {current.analysis_results})),
       setval('{current.ml_features_id_seq}', (SELECT max(id) FROM {current.ml_features})),
       setval('{current.dataset_versions_id_seq}', 3)
