SELECT wanted.name || ' on ' || wanted.tables AS missing
FROM (VALUES
    ('SELECT', 'tracks'), ('UPDATE', 'tracks'),
    ('INSERT', 'spotify_artists'), ('UPDATE', 'spotify_artists'), ('SELECT', 'spotify_artists'),
    ('INSERT', 'spotify_albums'), ('UPDATE', 'spotify_albums'), ('SELECT', 'spotify_albums'),
    ('INSERT', 'spotify_tracks'), ('UPDATE', 'spotify_tracks'), ('SELECT', 'spotify_tracks'),
    ('INSERT', 'spotify_matches'), ('UPDATE', 'spotify_matches'), ('SELECT', 'spotify_matches'),
    ('INSERT', 'spotify_dead_letters'), ('SELECT', 'spotify_dead_letters'), ('DELETE', 'spotify_dead_letters'),
    ('INSERT', 'spotify_leases'), ('UPDATE', 'spotify_leases'), ('SELECT', 'spotify_leases'), ('DELETE', 'spotify_leases'),
    ('INSERT', 'spotify_cooldowns'), ('UPDATE', 'spotify_cooldowns'), ('SELECT', 'spotify_cooldowns')
) AS wanted (name, tables)
WHERE to_regclass(wanted.tables) IS NOT NULL
    -- A right on one column counts: the team may grant UPDATE (spotify_data) alone.
    AND NOT CASE
        WHEN wanted.name = 'DELETE' THEN has_table_privilege(wanted.tables, wanted.name)
        ELSE has_any_column_privilege(wanted.tables, wanted.name)
    END
ORDER BY wanted.tables, wanted.name
