"""JSON as the Web API sends it, made small; the emulator has the whole shape."""

from __future__ import annotations

from typing import Any

import orjson

from boombap.clients.http.exchange import Request, Response

ID = "4AHNVCtzV1mrJuSjoYMz8{}".format


def track(n: int | str, **changes: Any) -> dict[str, Any]:
    return {
        "id": ID(n),
        "name": f"Track {n}",
        "artists": [{"id": f"artist{n}", "name": f"Artist {n}", "type": "artist"}],
        "album": {
            "id": f"album{n}",
            "name": f"Album {n}",
            "release_date": "2020-02-14",
            "album_type": "album",
            "total_tracks": 12,
        },
        "duration_ms": 187026,
        "explicit": True,
        "external_ids": {"isrc": "US-RC1-12-01328"},
        "popularity": 36,
        "is_local": False,
        "track_number": 3,
        "disc_number": 1,
        "preview_url": None,
        **changes,
    }


def response(body: object, status: int = 200, **headers: str) -> Response:
    lines = [f"HTTP/1.1 {status} X\r\n".encode()]
    lines += [f"{name.replace('_', '-')}: {value}\r\n".encode() for name, value in headers.items()]
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return Response(Request("GET", "http://127.0.0.1/v1"), status, lines, raw, 0.1, "http://127.0.0.1/v1")
