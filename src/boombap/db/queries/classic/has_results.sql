SELECT count(*) AS value FROM {analysis_results}
