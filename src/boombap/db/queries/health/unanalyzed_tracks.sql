-- Tracks without any analysis; needs SELECT on tracks and analysis_results.
SELECT (
           SELECT count(*) FROM {path.tracks} AS t
           WHERE NOT EXISTS (SELECT 1 FROM {path.analysis_results} AS r WHERE r.track_id = t.id)
       )::int8 AS unanalyzed,
       (SELECT count(*) FROM {path.tracks})::int8 AS all_tracks
