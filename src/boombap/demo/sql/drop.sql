DROP TABLE IF EXISTS ml_features, analysis_results, tracks, dataset_versions
