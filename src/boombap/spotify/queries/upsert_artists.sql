-- The last of a batch: most batches share artists, and one waits for another as long as that has locked them.
INSERT INTO {path.spotify_artists} AS kept (id, name)
SELECT id, name FROM spotify_incoming_2_artists ORDER BY id
ON CONFLICT (id) DO UPDATE SET name = excluded.name, checked_on = excluded.checked_on
WHERE (kept.name, kept.checked_on) IS DISTINCT FROM (excluded.name, excluded.checked_on)
