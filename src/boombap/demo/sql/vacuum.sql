-- The visibility map lets counts read an index alone; the statistics let `--fast` estimate.
VACUUM (ANALYZE) tracks, analysis_results, ml_features, dataset_versions
