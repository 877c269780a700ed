-- Every track without a result, the newest first. NOT IN would find none as soon as one track_id is NULL.
SELECT tracks.id, tracks.artist::text AS artist, tracks.title::text AS title
  FROM {tracks} AS tracks
  LEFT JOIN {analysis_results} AS result ON result.track_id = tracks.id
 WHERE result.track_id IS NULL
 ORDER BY tracks.id DESC
