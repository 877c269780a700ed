-- The rights that a command needs and the role lacks. `batch` stands for every command that stores what Spotify says.
SELECT wanted.name || ' on ' || place.name AS missing
FROM (VALUES
    ('batch', 'tracks', ARRAY['SELECT', 'UPDATE']),
    ('batch', 'spotify_artists', ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('batch', 'spotify_albums', ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('batch', 'spotify_tracks', ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('batch', 'spotify_matches', ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('batch', 'spotify_dead_letters', ARRAY['INSERT', 'SELECT', 'DELETE']),
    ('batch', 'spotify_leases', ARRAY['INSERT', 'UPDATE', 'SELECT', 'DELETE']),
    ('batch', 'spotify_cooldowns', ARRAY['INSERT', 'UPDATE', 'SELECT']),
    ('batch', 'spotify_runs', ARRAY['INSERT', 'UPDATE', 'SELECT', 'DELETE']),
    ('audit', 'tracks', ARRAY['SELECT', 'UPDATE']),
    ('audit', 'spotify_artists', ARRAY['SELECT']),
    ('audit', 'spotify_tracks', ARRAY['SELECT']),
    ('audit', 'spotify_matches', ARRAY['SELECT', 'DELETE']),
    ('audit', 'spotify_quarantine', ARRAY['INSERT']),
    ('forget', 'tracks', ARRAY['SELECT', 'UPDATE']),
    ('forget', 'spotify_tracks', ARRAY['SELECT', 'UPDATE']),
    ('forget', 'spotify_matches', ARRAY['SELECT', 'DELETE']),
    ('forget', 'spotify_dead_letters', ARRAY['SELECT', 'DELETE']),
    ('forget', 'spotify_leases', ARRAY['SELECT', 'DELETE']),
    ('forget', 'spotify_quarantine', ARRAY['INSERT', 'SELECT']),
    ('restore', 'tracks', ARRAY['SELECT', 'UPDATE']),
    ('restore', 'spotify_matches', ARRAY['SELECT', 'DELETE']),
    ('restore', 'spotify_leases', ARRAY['SELECT', 'DELETE']),
    ('restore', 'spotify_quarantine', ARRAY['INSERT', 'SELECT', 'DELETE'])
) AS place (command, name, rights)
JOIN (VALUES
    ('tracks', to_regclass('{path.tracks}')),
    ('spotify_artists', to_regclass('{path.spotify_artists}')),
    ('spotify_albums', to_regclass('{path.spotify_albums}')),
    ('spotify_tracks', to_regclass('{path.spotify_tracks}')),
    ('spotify_matches', to_regclass('{path.spotify_matches}')),
    ('spotify_dead_letters', to_regclass('{path.spotify_dead_letters}')),
    ('spotify_leases', to_regclass('{path.spotify_leases}')),
    ('spotify_cooldowns', to_regclass('{path.spotify_cooldowns}')),
    ('spotify_quarantine', to_regclass('{path.spotify_quarantine}')),
    ('spotify_runs', to_regclass('{path.spotify_runs}'))
) AS known (name, id) USING (name)
CROSS JOIN unnest(place.rights) AS wanted (name)
WHERE place.command = %(command)s AND known.id IS NOT NULL
    -- A right on one column counts: the team may grant UPDATE (spotify_data) alone.
    AND NOT CASE
        WHEN wanted.name = 'DELETE' THEN has_table_privilege(known.id, wanted.name)
        ELSE has_any_column_privilege(known.id, wanted.name)
    END
ORDER BY place.name, wanted.name
