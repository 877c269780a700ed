-- Track n is song 1 + (n - 1) mod songs, in its version (n - 1) / songs: plain first, then one tag after the other, then the
-- same tags as later takes. `h` is the number hashed: a die that falls the same way on every server.
INSERT INTO {current.tracks} (
    id, title, artist, lyrics, url, genius_id, scraped_date, word_count, genre, release_date, album, language, explicit,
    song_art_url, popularity_score, lyrics_quality_score, created_at, spotify_data, audio_features
)
SELECT
    n,
    named.title,
    song.artist,
    worded.lyrics,
    'https://lyrics.example/songs/' || n,
    1000000 + n,
    dated.created_at - interval '90 seconds',
    array_length(string_to_array(worded.lyrics, ' '), 1),
    (ARRAY['hip hop', 'rap', 'boom bap', 'trap', 'grime', 'g-funk'])[1 + mod(h, 6)],
    make_date(song.year, 1, 1),
    song.album,
    song.language,
    mod(h, 5) < 3,
    'https://images.example/' || md5(n::text) || '.jpg',
    mod(h, 101),
    (mod(h, 1000) / 1000.0)::real,
    dated.created_at,
    CASE
        WHEN n * 34066::bigint / 57718 = (n - 1) * 34066::bigint / 57718 THEN NULL
        WHEN mod(h, 9) < 2 THEN jsonb_build_object(
            'track_id', left(md5('track' || n), 22),
            'album_name', coalesce(song.album, named.title),
            'album_id', left(md5('album' || song.number), 22),
            'release_date', song.year::text,
            'popularity', mod(h, 101),
            'preview_url', NULL,
            'external_urls', jsonb_build_object('spotify', 'https://open.spotify.com/track/' || left(md5('track' || n), 22)),
            'artists', jsonb_build_array(jsonb_build_object(
                'id', left(md5(song.artist), 22), 'name', song.artist, 'type', 'artist',
                'uri', 'spotify:artist:' || left(md5(song.artist), 22)
            ))
        )
        ELSE jsonb_build_object(
            'id', left(md5('track' || n), 22),
            'name', named.title,
            'album', jsonb_build_object('name', coalesce(song.album, named.title)),
            'artists', jsonb_build_array(jsonb_build_object('id', left(md5(song.artist), 22), 'name', song.artist)),
            'explicit', mod(h, 5) < 3,
            'popularity', mod(h, 101),
            'duration_ms', 120000 + mod(h, 180000),
            'preview_url', NULL,
            'release_date', song.year::text,
            'migration_date', '2025-09-24T08:51:45',
            'migrated_from_sqlite', true
        )
    END,
    CASE WHEN mod(h, 10) = 0 THEN jsonb_build_object('tempo', 70 + mod(h, 90), 'key', mod(h, 12)) END
FROM generate_series(1, %(tracks)s) AS n
CROSS JOIN LATERAL (SELECT abs(hashint4(n)::bigint) AS h) AS hashed
JOIN json_to_recordset(%(songs)s)
    AS song(number integer, artist text, title text, year integer, language text, album text)
    ON song.number = 1 + mod(n - 1, %(songs_count)s)
CROSS JOIN LATERAL (SELECT (n - 1) / %(songs_count)s AS version) AS repeated
CROSS JOIN LATERAL (
    SELECT song.title || (%(tags)s::text[])[1 + mod(version, cardinality(%(tags)s::text[]))] || CASE
        WHEN version < cardinality(%(tags)s::text[]) THEN ''
        ELSE ' - Take ' || (1 + version / cardinality(%(tags)s::text[]))
    END AS title
) AS named
CROSS JOIN LATERAL (SELECT timestamp '2025-01-06 08:00' + n * interval '97 seconds' AS created_at) AS dated
CROSS JOIN LATERAL (
    -- 97 of 100 have lyrics, one of 100 the empty string that the old scraper wrote for "none found".
    SELECT CASE
        WHEN mod(n, 100) IN (13, 63) THEN NULL
        WHEN mod(n, 100) = 99 THEN ''
        ELSE '[lyrics withheld]' || E'\n' || array_to_string(
            (%(verses)s::text[])[1 + mod(h, 26):4 + mod(h, 26) + mod(h, 3)], E'\n\n'
        )
    END AS lyrics
) AS worded
