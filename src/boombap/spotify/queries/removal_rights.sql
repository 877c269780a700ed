-- What `forget` and `restore` need; both may have to make the quarantine, which `audit --apply` makes too.
SELECT wanted.name || ' on ' || place.name AS missing
FROM (VALUES
    ('tracks', to_regclass('{path.tracks}'), ARRAY['SELECT', 'UPDATE']),
    ('spotify_matches', to_regclass('{path.spotify_matches}'), ARRAY['SELECT', 'DELETE']),
    ('spotify_tracks', to_regclass('{path.spotify_tracks}'), ARRAY['SELECT', 'UPDATE']),
    ('spotify_dead_letters', to_regclass('{path.spotify_dead_letters}'), ARRAY['SELECT', 'DELETE']),
    ('spotify_leases', to_regclass('{path.spotify_leases}'), ARRAY['SELECT', 'DELETE']),
    ('spotify_quarantine', to_regclass('{path.spotify_quarantine}'), ARRAY['SELECT', 'INSERT', 'DELETE'])
) AS place (name, id, rights)
CROSS JOIN unnest(place.rights) AS wanted (name)
WHERE place.id IS NOT NULL
    -- A right on one column counts: the team may grant UPDATE (spotify_data) alone.
    AND NOT CASE
        WHEN wanted.name = 'DELETE' THEN has_table_privilege(place.id, wanted.name)
        ELSE has_any_column_privilege(place.id, wanted.name)
    END
ORDER BY place.name, wanted.name
