"""The servers that are measured with: an embedded PostgreSQL with the sample, a Valkey, and Spotify's emulator."""

from __future__ import annotations

import csv
import subprocess
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.clients.redis.connection import Connection
from boombap.clients.redis.connection import Limits as RedisLimits
from boombap.clients.redis.target import from_text as redis_from_text
from boombap.demo import sample
from boombap.interrupt import Interrupt
from boombap.local import postgres, valkey
from boombap.spotify.matching.artist_names import current_name

from .environment import BOOMBAP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_ORIGIN = "the benchmark"
_SETTINGS = {"max_wal_size": "2GB", "shared_buffers": "256MB", "io_method": "sync"}
_OWN_TABLES = ("artists", "albums", "tracks", "matches", "leases", "dead_letters")


@contextmanager
def running_postgres(folder: Path, scale: sample.Scale) -> Iterator[tuple[str, Session]]:
    """Run PostgreSQL with the sample in it; yields its URL and a session."""
    server = postgres.start(folder, settings=_SETTINGS)
    try:
        with closing(Session(from_text(server.url, origin=_ORIGIN), Limits(), Interrupt())) as session:
            sample.load(session, scale, faults=False)
            yield server.url, session
    finally:
        postgres.stop(folder)


@contextmanager
def running_valkey(folder: Path) -> Iterator[tuple[str, Connection]]:
    """Run an empty Valkey; yields its URL and a connection."""
    server = valkey.start(folder)
    try:
        target, limits = redis_from_text(server.url, origin=_ORIGIN), RedisLimits(read_s=60.0)
        with closing(Connection(target, limits, Interrupt())) as connection:
            yield server.url, connection
    finally:
        valkey.stop(folder)


@contextmanager
def running_emulator(catalogue: Path, environ: Mapping[str, str], latency_ms: int) -> Iterator[dict[str, str]]:
    """Run the emulator on a catalogue; yields the environment that leads a command to it."""
    words = [BOOMBAP, "spotify", "emulate", "-q", "--mode", "extended", "--latency-ms", str(latency_ms)]
    words += ["--catalogue", str(catalogue)]
    with subprocess.Popen(words, env=dict(environ), stdout=subprocess.PIPE, text=True) as emulator:
        try:
            assert emulator.stdout, "asked for"
            url = emulator.stdout.readline().strip()
            if not url:
                raise SystemExit("the emulator did not start")
            yield {"BOOMBAP_SPOTIFY_BASE_URL": f"{url}/v1", "BOOMBAP_SPOTIFY_ACCOUNTS_URL": url}
        finally:
            emulator.kill()


class Platform:
    """PostgreSQL with tracks, a Valkey, and an emulator that knows every one of the tracks.

    Attributes:
        environ: in which commands find all three.
    """

    def __init__(self, session: Session, cache: Connection, environ: Mapping[str, str]) -> None:
        self.session = session
        self.cache = cache
        self.environ = dict(environ)

    def reset(self) -> None:
        """Bring table and cache back to where a first run finds them: no track has metadata."""
        if self.session.read("SELECT to_regclass('public.spotify_matches') IS NOT NULL AS there")[0]["there"]:
            self.session.write(f"TRUNCATE {', '.join(f'public.spotify_{name}' for name in _OWN_TABLES)}")
        self.session.write("UPDATE public.tracks SET spotify_data = NULL WHERE spotify_data IS NOT NULL")
        self.session.alone("VACUUM ANALYZE public.tracks")
        self.cache.call("FLUSHALL")

    def rows(self) -> dict[str, str]:
        """Return the Spotify id of each track that has one, by the track's own id."""
        query = "SELECT id, spotify_data->>'id' AS sid FROM public.tracks WHERE spotify_data->>'id' IS NOT NULL"
        return {str(row["id"]): row["sid"] for row in self.session.read(query)}


@contextmanager
def running_platform(folder: Path, environ: Mapping[str, str], tracks: int, latency_ms: int) -> Iterator[Platform]:
    """Run all three with so many tracks.

    Args:
        folder: for their data.
        environ: what every command gets.
        tracks: of the table.
        latency_ms: that the emulator takes for each request.
    """
    with ExitStack() as stack:
        url, session = stack.enter_context(running_postgres(folder / "postgres", sample.Scale(tracks)))
        cache_url, cache = stack.enter_context(running_valkey(folder / "valkey"))
        catalogue = _write_catalogue(folder / "catalogue.csv", session)
        spotify = stack.enter_context(running_emulator(catalogue, environ, latency_ms))
        app = {"SPOTIFY_CLIENT_ID": "benchmark", "SPOTIFY_CLIENT_SECRET": "none", "BOOMBAP_SPOTIFY_BUDGET": "1000000"}
        platform = Platform(session, cache, {**environ, "DATABASE_URL": url, "REDIS_URL": cache_url, **app, **spotify})
        platform.reset()
        yield platform


def _write_catalogue(file: Path, session: Session) -> Path:
    """Write what the emulator is to know: every row, under an id made from the table's.

    Artists have the names that Spotify shows today, which is what native asks for; classic asks for the row's.
    """
    rows = session.read(
        "SELECT artist, title, substr(md5(id::text), 1, 22) AS id FROM public.tracks ORDER BY tracks.id"
    )
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(("artist", "title", "id"))
        table.writerows((current_name(row["artist"]), row["title"], row["id"]) for row in rows)
    return file
