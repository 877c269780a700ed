-- Tracks without any analysis; needs SELECT on tracks and analysis_results.
SELECT (
           SELECT count(*) FROM tracks AS t
           WHERE NOT EXISTS (SELECT 1 FROM analysis_results AS r WHERE r.track_id = t.id)
       )::int8 AS unanalyzed,
       (SELECT count(*) FROM tracks)::int8 AS all_tracks
