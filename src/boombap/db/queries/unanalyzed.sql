-- Tracks without a result of one analyzer, or of any when it is NULL. NOT EXISTS becomes an anti-join of two indexes
-- (17 ms), and is right where NOT IN (48 ms) is not: when some track_id is NULL. Names are looked up only for the few
-- that are shown; reading them for all costs 48 ms. One row comes in any case: none missing out of none is not coverage.
WITH missing AS (
    SELECT id
      FROM {path.tracks} AS tracks
     WHERE NOT EXISTS (SELECT FROM {path.analysis_results} AS result
                        WHERE result.track_id = tracks.id
                          AND (%(analyzer)s IS NULL OR result.analyzer_type = %(analyzer)s))
), newest AS (
    SELECT id, count(*) OVER () AS total FROM missing ORDER BY id DESC LIMIT %(most)s
), known AS (
    SELECT EXISTS (SELECT FROM {path.tracks}) AS has_tracks,
           EXISTS (SELECT FROM {path.analysis_results} AS result
                    WHERE %(analyzer)s IS NULL OR result.analyzer_type = %(analyzer)s) AS has_results
)
SELECT known.has_tracks,
       known.has_results,
       newest.total,
       newest.id,
       tracks.artist::text AS artist,
       tracks.title::text AS title
  FROM known
  LEFT JOIN newest ON true
  LEFT JOIN {path.tracks} AS tracks ON tracks.id = newest.id
 ORDER BY newest.id DESC
