DROP TABLE IF EXISTS
    {current.ml_features}, {current.analysis_results}, {current.tracks}, {current.dataset_versions}
