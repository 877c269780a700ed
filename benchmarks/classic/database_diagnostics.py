"""The old way to look at the database, kept runnable as the A side of comparisons.

One connection, one query after the other, no time limits: the queries are the old script's. What was dangerous in it
is left out: it printed the password when the connection failed and tried others.
"""

from __future__ import annotations

import argparse
import json
import os

import psycopg2
from psycopg2.extras import RealDictCursor

ENGINE = "classic"

TRACKS = "SELECT COUNT(*) AS total FROM tracks"
WITH_LYRICS = "SELECT COUNT(*) AS with_lyrics FROM tracks WHERE lyrics IS NOT NULL AND LENGTH(lyrics) > 0"
WITH_SPOTIFY = "SELECT COUNT(*) AS with_spotify FROM tracks WHERE spotify_data IS NOT NULL"
ARTISTS = "SELECT COUNT(DISTINCT artist) AS artists FROM tracks"
LATEST = "SELECT MAX(created_at) AS latest FROM tracks"
ANALYZERS = "SELECT DISTINCT analyzer_type FROM analysis_results ORDER BY analyzer_type"
ANALYZER = """
    SELECT COUNT(*) AS rows, COUNT(DISTINCT track_id) AS tracks, MIN(created_at) AS first, MAX(created_at) AS last
      FROM analysis_results WHERE analyzer_type = %s"""
CONNECTIONS = "SELECT state, COUNT(*) AS sessions FROM pg_stat_activity GROUP BY state"
UNANALYZED = "SELECT COUNT(*) AS total FROM tracks WHERE id NOT IN (SELECT DISTINCT track_id FROM analysis_results)"
UNUSED = "SELECT indexrelname FROM pg_stat_user_indexes WHERE idx_scan = 0"
SIZES = "SELECT relname, pg_total_relation_size(relid) AS bytes FROM pg_stat_user_tables ORDER BY 2 DESC"


def main() -> None:
    """Print everything as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tracks, analyzers and connections only")
    args = parser.parse_args()
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor(cursor_factory=RealDictCursor) as cursor:
        found = quick(cursor)
        if not args.quick:
            found |= rest(cursor)
    print(json.dumps({"engine": ENGINE, **found}, default=str, indent=2))


def quick(cursor: RealDictCursor) -> dict[str, object]:
    """Ask what `db --quick` answers."""
    found: dict[str, object] = {}
    for query in (TRACKS, WITH_LYRICS, WITH_SPOTIFY, ARTISTS, LATEST):
        found |= rows(cursor, query)[0]
    analyzers = [str(row["analyzer_type"]) for row in rows(cursor, ANALYZERS)]
    found["analyzers"] = {name: rows(cursor, ANALYZER, name)[0] for name in analyzers}
    found["connections"] = rows(cursor, CONNECTIONS)
    return found


def rest(cursor: RealDictCursor) -> dict[str, object]:
    """Ask what the old script knew beyond that; it had no health checks."""
    return {
        "unanalyzed": rows(cursor, UNANALYZED)[0],
        "unused_indexes": rows(cursor, UNUSED),
        "sizes": rows(cursor, SIZES),
    }


def rows(cursor: RealDictCursor, query: str, *values: object) -> list[dict[str, object]]:
    """Run one query."""
    cursor.execute(query, values or None)
    return [dict(row) for row in cursor.fetchall()]


if __name__ == "__main__":
    main()
