"""A Web API on loopback whose every answer a test may script; the emulator plays Spotify, this one plays tricks."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

import orjson

from boombap.server.serve import running
from spotify.documents import track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Trick = Callable[["Asked"], "tuple[int, object] | tuple[int, object, dict[str, str]] | None"]

TOKEN = "/api/token"


class Asked(NamedTuple):
    """A request as it came in; `number` counts those to the same path, from 1."""

    path: str
    query: dict[str, list[str]]
    number: int
    token: str
    at_s: float

    @property
    def ids(self) -> list[str]:
        return self.query.get("ids", [""])[0].split(",")


class Upstream:
    """Answers every id with a track, every search with one that fits, and every pair of credentials with a token."""

    def __init__(self) -> None:
        self.url = ""
        self.log: list[Asked] = []
        self.tokens = 0
        self.trick: Trick = lambda _: None
        self._lock = threading.Lock()

    def count(self, path: str = "/v1") -> int:
        return sum(asked.path.startswith(path) for asked in self.log)

    def __call__(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        asked = self._note(environ)
        found = self.trick(asked) or self._answer(asked)
        status, body, headers = (*found, {})[:3]
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        lines = [("Content-Type", "application/json"), ("Content-Length", str(len(raw))), *headers.items()]
        start(f"{status} X", lines)
        return [raw]

    def _note(self, environ: dict[str, Any]) -> Asked:
        path = environ["PATH_INFO"]
        token = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
        with self._lock:
            number = 1 + sum(asked.path == path for asked in self.log)
            asked = Asked(path, parse_qs(environ.get("QUERY_STRING", "")), number, token, time.monotonic())
            self.log.append(asked)
        return asked

    def _answer(self, asked: Asked) -> tuple[int, object]:
        if asked.path == TOKEN:
            with self._lock:
                self.tokens += 1
                return 200, {"access_token": f"t{self.tokens}", "expires_in": 3600}
        if asked.path == "/v1/tracks":
            return 200, {"tracks": [known(id_) if id_.isdigit() else None for id_ in asked.ids]}
        if asked.path.startswith("/v1/tracks/"):
            return 200, known(asked.path.rpartition("/")[2])
        if asked.query.get("type") == ["track"]:
            return 200, {"tracks": {"items": [found] if (found := searched(asked.query["q"][0])) else [], "total": 1}}
        return 404, {"error": {"status": 404, "message": "not here"}}


def known(id_: str) -> dict[str, Any]:
    return track(id_[-2:], id=id_, name=f"Song {int(id_[-4:])}", artists=[{"id": "a" * 22, "name": "Nas"}])


def searched(query: str) -> dict[str, Any] | None:
    found = re.search(r"song (\d+)", query, re.IGNORECASE)
    return known(id_of(int(found[1]))) if found else None


def id_of(n: int) -> str:
    return f"{n:022d}"


@contextmanager
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    with running(made) as server:  # type: ignore[arg-type]
        made.url = server.url
        yield made
