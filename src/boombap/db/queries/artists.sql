-- Distinct artists; grouping lets the index on artist answer, which count(DISTINCT artist) does not.
SELECT count(*) AS artists FROM (SELECT artist FROM {path.tracks} WHERE artist IS NOT NULL GROUP BY artist) AS names
