SELECT count(*) AS rows, count(DISTINCT track_id) AS tracks, min(created_at) AS first, max(created_at) AS last
  FROM {analysis_results}
 WHERE analyzer_type IS NOT DISTINCT FROM %(analyzer)s
