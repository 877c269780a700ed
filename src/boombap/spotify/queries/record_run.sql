UPDATE {path.spotify_runs}
SET
    updated_at = now(),
    total = %(total)s,
    tracks = %(tracks)s,
    matched = %(matched)s,
    requests = %(requests)s,
    ended_at = CASE WHEN %(exit_code)s IS NOT NULL THEN now() END,
    exit_code = %(exit_code)s,
    ended_by = %(ended_by)s
WHERE id = %(id)s
