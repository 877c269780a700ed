-- Not every deployment's table has the column `album`: then the name means that of the outer query, which is null.
SELECT listed.id, listed.album
FROM (SELECT NULL::text AS album) AS absent
CROSS JOIN LATERAL (
    SELECT
        track.id,
        coalesce(
            track.spotify_data -> 'album' ->> 'name', track.spotify_data ->> 'album_name', nullif(album::text, '')
        ) AS album
    FROM {path.tracks} AS track
    WHERE track.id = ANY (%(ids)s::bigint[])
) AS listed
WHERE listed.album IS NOT NULL
