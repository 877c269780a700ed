SELECT wanted.name || ' on ' || place.name AS missing
FROM (VALUES
    ('tracks', to_regclass('{path.tracks}'), ARRAY['SELECT', 'UPDATE']),
    ('spotify_artists', to_regclass('{path.spotify_artists}'), ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('spotify_albums', to_regclass('{path.spotify_albums}'), ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('spotify_tracks', to_regclass('{path.spotify_tracks}'), ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('spotify_matches', to_regclass('{path.spotify_matches}'), ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('spotify_dead_letters', to_regclass('{path.spotify_dead_letters}'), ARRAY['INSERT', 'SELECT', 'DELETE']),
    ('spotify_leases', to_regclass('{path.spotify_leases}'), ARRAY['INSERT', 'UPDATE', 'SELECT', 'DELETE']),
    ('spotify_cooldowns', to_regclass('{path.spotify_cooldowns}'), ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('spotify_runs', to_regclass('{path.spotify_runs}'), ARRAY['INSERT', 'UPDATE', 'SELECT', 'DELETE'])
) AS place (name, id, rights)
CROSS JOIN unnest(place.rights) AS wanted (name)
WHERE place.id IS NOT NULL
    -- A right on one column counts: the team may grant UPDATE (spotify_data) alone.
    AND NOT CASE
        WHEN wanted.name = 'DELETE' THEN has_table_privilege(place.id, wanted.name)
        ELSE has_any_column_privilege(place.id, wanted.name)
    END
ORDER BY place.name, wanted.name
