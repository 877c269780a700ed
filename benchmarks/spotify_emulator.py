"""What the emulator itself costs: CPU per search and per track of a batch, and memory, in process, without a socket.

Its cost bounds what `spotify batch` can show against it on the same cores.
`python benchmarks/spotify_emulator.py [--tracks 57718] [--searches 3000]`
"""

from __future__ import annotations

import argparse
import io
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from boombap.spotify.emulate.app import App
from boombap.spotify.emulate.catalogue import from_rows, made_up
from boombap.spotify.emulate.replay import Recorder, Replay, read_record
from suite.measure import machine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from wsgiref.types import WSGIApplication

    from boombap.spotify.emulate.catalogue import Catalogue

_IDS = 50
_AUTHORIZATION = "Basic Y2xpZW50OnNlY3JldA=="


class Asker:
    """Calls the application as a server would."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        form = b"grant_type=client_credentials"
        answer = self.ask("/api/token", method="POST", body=form, authorization=_AUTHORIZATION)
        self._token = answer.split(b'"access_token":"')[1].split(b'"')[0].decode()

    def ask(self, path: str, query: str = "", method: str = "GET", body: bytes = b"", authorization: str = "") -> bytes:
        """Return the body of one answer."""
        environ: dict[str, Any] = {
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": method,
            "HTTP_AUTHORIZATION": authorization or f"Bearer {self._token}",
            "HTTP_HOST": "127.0.0.1:8099",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
        }
        return b"".join(self._app(environ, lambda *_: None))  # type: ignore[arg-type]


def queries(catalogue: Catalogue, count: int) -> tuple[list[str], list[str]]:
    """Return the queries of filtered searches and of plain ones for random songs."""
    songs = random.Random(7).choices(list(catalogue.songs.values()), k=count)
    names = [(song.name, catalogue.artists[song.artist_ids[0]].name) for song in songs]
    filtered = [f'track:"{title}" artist:"{artist}"' for title, artist in names]
    plain = [f"{title} {artist}" for title, artist in names]
    return [_search(text) for text in filtered], [_search(text) for text in plain]


def batches(catalogue: Catalogue) -> list[str]:
    """Return the queries that ask for every track once."""
    ids = list(catalogue.songs)
    random.Random(7).shuffle(ids)
    return ["ids=" + "%2C".join(ids[start : start + _IDS]) for start in range(0, len(ids), _IDS)]


def cost_us(asker: Asker, path: str, queries: Sequence[str]) -> float:
    """Return the microseconds of CPU per request."""
    started_s = time.process_time()
    for query in queries:
        asker.ask(path, query)
    return (time.process_time() - started_s) / len(queries) * 1e6


def resident_mib() -> float:
    """Return the private memory of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024


def _search(text: str) -> str:
    return f"type=track&q={quote(text, safe='')}&limit=10"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=57_718)
    parser.add_argument("--searches", type=int, default=3_000)
    args = parser.parse_args()
    print(machine())
    before_mib = resident_mib()
    started_s = time.process_time()
    catalogue = from_rows(made_up(args.tracks))
    app = App(catalogue)
    asker = Asker(app)
    start_s, mib = time.process_time() - started_s, resident_mib() - before_mib
    print(f"start    {start_s:.1f} s, {mib:.0f} MiB for {args.tracks:,} rows")
    for name, several in zip(("filtered", "plain"), queries(catalogue, args.searches), strict=True):
        print(f"{name:8} {cost_us(asker, '/v1/search', several):.0f} us per search")
    several = batches(catalogue)
    for name in ("first", "again"):
        print(f"{name:8} {cost_us(asker, '/v1/tracks', several) / _IDS:.1f} us per track of a batch")
    print(f"memory   {resident_mib() - before_mib:.0f} MiB after every track was asked for")
    with tempfile.NamedTemporaryFile() as file:
        with Recorder(app, file.name) as recorder:
            cost_us(Asker(recorder), "/v1/tracks", several[:200])
        replay = Asker(Replay(read_record(file.name)))
    print(f"replay   {cost_us(replay, '/v1/tracks', several[:200]) / _IDS:.2f} us per track of a batch")


if __name__ == "__main__":
    main()
