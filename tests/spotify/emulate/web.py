"""The emulator's application, asked without a socket."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from boombap.server.engine import RESET
from boombap.spotify.emulate.app import App, Settings
from boombap.spotify.emulate.catalogue import CatalogueRow, Shares, from_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from wsgiref.types import WSGIApplication

    from boombap.spotify.emulate.catalogue import Catalogue

NAS = [CatalogueRow("Nas", f"Verse {n}", "Illmatic", 1994, isrc=f"USSM1{n:07d}") for n in range(60)]
OTHERS = [
    CatalogueRow("E-40 feat. Too $hort", "Tell Me When to Go", "My Ghetto Report Card", 2006),
    CatalogueRow("Curren$y", "Breakfast", "Pilot Talk", 2010),
    CatalogueRow("André 3000", "Hey Ya!", "", 2003),
]


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now_s


class Web:
    """An app with a token for the client `client`."""

    def __init__(self, catalogue: Catalogue | None = None, **settings: Any) -> None:
        self.clock = Clock()
        self.catalogue = catalogue or a_catalogue()
        self.app = App(self.catalogue, Settings(**settings), clock=self.clock, sleep=self.clock.waits.append)
        self.token = ""
        self.log_in()

    def log_in(self, secret: str = "geheim", client: str = "client") -> Got:
        pair = base64.b64encode(f"{client}:{secret}".encode()).decode()
        got = self.ask("/api/token", "POST", b"grant_type=client_credentials", f"Basic {pair}")
        self.token = got.json.get("access_token", "")
        return got

    def get(self, path: str) -> Got:
        return self.ask(f"/v1{path}")

    def ask(self, path: str, method: str = "GET", body: bytes = b"", authorization: str | None = None) -> Got:
        return ask(self.app, path, method, body, f"Bearer {self.token}" if authorization is None else authorization)

    def fault(self, match: str = "^/v1", nth: int = 1, times: int = 1, rate: float = 1.0, **then: Any) -> None:
        script = [{"match": match, "nth": nth, "times": times, "rate": rate, "then": then}]
        assert self.ask("/_faults", "POST", orjson.dumps(script)).status == 200

    def song_ids(self, name: str = "Verse") -> list[str]:
        return [song.id for song in self.catalogue.songs.values() if song.name.startswith(name)]


def ask(app: WSGIApplication, path: str, method: str = "GET", body: bytes = b"", authorization: str = "") -> Got:
    bare, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "PATH_INFO": bare,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "HTTP_AUTHORIZATION": authorization,
        "HTTP_HOST": "127.0.0.1:1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        RESET: lambda: None,
    }
    started: list[Any] = []
    content = b"".join(app(environ, lambda *line: started.append(line)))  # type: ignore[arg-type, return-value]
    return Got(int(started[0][0][:3]), dict(started[0][1]), content)


def a_catalogue(rows: Sequence[CatalogueRow] = (*NAS, *OTHERS), **shares: float) -> Catalogue:
    return from_rows(rows, shares=Shares(**({"twins": 0.0, "versions": 0.0} | shares)))
