SELECT analyzer_type::text AS name FROM {analysis_results} GROUP BY 1 ORDER BY count(*) DESC, 1
