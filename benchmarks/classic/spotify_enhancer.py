"""The old way to fill in Spotify's metadata, kept runnable as the A side of comparisons.

One search a track, the first answer taken whatever it is, one UPDATE a row, one after the other. What was dangerous in
it is left out: it slept through whole bans with a transaction open.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import time
import urllib.parse
import urllib.request
from typing import Any

import psycopg2
from psycopg2.extras import Json

ENGINE = "classic"


def main() -> None:
    """Fill in rows that have nothing yet, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=200, help="rows (default: 200)")
    args = parser.parse_args()
    base, token = os.environ["BOOMBAP_SPOTIFY_BASE_URL"], ask_token()
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    cursor = connection.cursor()
    cursor.execute(
        "SELECT id, artist, title FROM tracks WHERE spotify_data IS NULL ORDER BY id LIMIT %s", (args.tracks,)
    )
    begun, filled = time.perf_counter(), 0
    rows = cursor.fetchall()
    for key, artist, title in rows:
        found = search(base, token, artist, title)
        if found:
            cursor.execute("UPDATE tracks SET spotify_data = %s WHERE id = %s", (Json(found), key))
            connection.commit()
            filled += 1
    seconds = time.perf_counter() - begun
    print(
        json.dumps({"engine": ENGINE, "tracks": len(rows), "filled": filled, "requests": len(rows), "seconds": seconds})
    )


def ask_token() -> str:
    """Give an access token."""
    pair = f"{os.environ['SPOTIFY_CLIENT_ID']}:{os.environ['SPOTIFY_CLIENT_SECRET']}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    url = os.environ["BOOMBAP_SPOTIFY_ACCOUNTS_URL"] + "/api/token"
    request = urllib.request.Request(url, b"grant_type=client_credentials", headers)
    with urllib.request.urlopen(request) as answer:
        token: str = json.load(answer)["access_token"]
        return token


def search(base: str, token: str, artist: str, title: str) -> dict[str, Any] | None:
    """Give the first track that a search finds."""
    query = urllib.parse.urlencode({"q": f"track:{title} artist:{artist}", "type": "track", "limit": 1})
    request = urllib.request.Request(f"{base}/search?{query}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        items = json.load(answer)["tracks"]["items"]
    if not items:
        return None
    found = items[0]
    return {
        name: found.get(name) for name in ("id", "name", "artists", "album", "popularity", "duration_ms", "explicit")
    }


if __name__ == "__main__":
    main()
