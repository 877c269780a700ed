-- Tracks without any analysis, from one in a hundred on.
SELECT 'tracks' AS subject,
       count(*) || ' tracks have no analysis' AS summary
  FROM {tracks} AS tracks
 WHERE NOT EXISTS (SELECT FROM {analysis_results} AS result WHERE result.track_id = tracks.id)
HAVING count(*) >= greatest(0.01 * (SELECT count(*) FROM {tracks}), 1)
