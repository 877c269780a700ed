-- The visibility map lets counts read an index alone; the statistics let `--fast` estimate.
VACUUM (ANALYZE)
    {current.tracks}, {current.analysis_results}, {current.ml_features}, {current.dataset_versions}
