-- The planner's estimates; reads the catalogue only. NULL where the table was never analyzed, which before 14 looks like
-- an empty one.
SELECT CASE WHEN table_of.reltuples > 0
              OR table_of.reltuples = 0 AND current_setting('server_version_num')::int >= 140000
            THEN table_of.reltuples END::bigint AS total,
       (table_of.reltuples * (1 - lyrics.null_frac))::bigint AS with_lyrics,
       (table_of.reltuples * (1 - spotify.null_frac))::bigint AS with_spotify,
       CASE WHEN artist.n_distinct < 0 THEN -artist.n_distinct * table_of.reltuples
            ELSE artist.n_distinct END::bigint AS artists,
       NULL::timestamp AS latest
  FROM pg_class AS table_of
  JOIN pg_namespace AS schema ON schema.oid = table_of.relnamespace
  LEFT JOIN pg_stats AS lyrics ON lyrics.schemaname = schema.nspname AND lyrics.tablename = table_of.relname
        AND lyrics.attname = 'lyrics'
  LEFT JOIN pg_stats AS spotify ON spotify.schemaname = schema.nspname AND spotify.tablename = table_of.relname
        AND spotify.attname = 'spotify_data'
  LEFT JOIN pg_stats AS artist ON artist.schemaname = schema.nspname AND artist.tablename = table_of.relname
        AND artist.attname = 'artist'
 WHERE table_of.oid = to_regclass('{path.tracks}')
