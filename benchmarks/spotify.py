"""Tracks per second, CPU per track and memory of `spotify batch`, beside the old way, and of each of its stages alone.

Starts PostgreSQL, Valkey and the emulator of its own; all of them and the command share the machine's cores.
`python benchmarks/spotify.py [--tracks 20000] [--runs 3]`
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import orjson

from boombap.clients.http.exchange import Request
from boombap.clients.http.multi import Client
from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.clients.redis.pool import Pool as RedisPool
from boombap.clients.redis.target import from_text as redis_from_text
from boombap.demo import sample
from boombap.interrupt import Interrupt
from boombap.local import postgres, valkey
from boombap.spotify.cache.redis_cache import Cache
from boombap.spotify.matching.match import match
from boombap.spotify.model import ApiRequest, Endpoint, Track, TrackQuery
from boombap.spotify.webapi.decode import decode
from suite.measure import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_HERE = Path(__file__).parent
_BIN = Path(sys.executable).parent
_SETTINGS = {"max_wal_size": "2GB", "shared_buffers": "256MB", "io_method": "sync"}
_CLASSIC_TRACKS = 200
_CLASSIC = _HERE / "suite/fill_classic.py"
_CANDIDATES = 10
_IDS = 50


class Case(NamedTuple):
    """One way to run the command.

    Attributes:
        is_known: the ids of the tracks are known.
        tracks: of the run; fewer where each costs a request.
    """

    name: str
    mode: str
    latency_ms: int
    in_flight: int
    is_known: bool
    tracks: int


class Sample(NamedTuple):
    """What one run took."""

    seconds: float
    requests: int
    matched: int
    cpu_s: float
    rss_mb: float
    anon_mb: float


class Bench:
    """The servers of the benchmark, and the environment in which the commands find them."""

    def __init__(self, base: Path, postgres_url: str, redis_url: str) -> None:
        self.base = base
        self.redis_url = redis_url
        self.session = Session(from_text(postgres_url, origin="the benchmark"), Limits(), Interrupt())
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        self.environ = {
            **kept,
            "DATABASE_URL": postgres_url,
            "REDIS_URL": redis_url,
            "SPOTIFY_CLIENT_ID": "benchmark",
            "SPOTIFY_CLIENT_SECRET": "none",
            "BOOMBAP_SPOTIFY_BUDGET": "1000000",
            "BOOMBAP_PATHS_STATE": str(base / "state"),
        }

    def reset(self, *, is_known: bool) -> None:
        """Bring table and cache back to where a first run finds them."""
        names = ("artists", "albums", "tracks", "matches", "leases", "dead_letters")
        tables = ", ".join(f"public.spotify_{name}" for name in names)
        if self.session.read("SELECT to_regclass('public.spotify_matches') IS NOT NULL AS there")[0]["there"]:
            self.session.write(f"TRUNCATE {tables}")
        known = "jsonb_build_object('id', substr(md5(id::text), 1, 22))"
        self.session.write(f"UPDATE public.tracks SET spotify_data = {known if is_known else 'NULL'}")
        self.session.alone("VACUUM FULL public.tracks")
        self.session.alone("VACUUM ANALYZE public.tracks")
        with RedisPool(redis_from_text(self.redis_url, origin="the benchmark"), Interrupt()) as pool:
            pool.call("FLUSHALL")

    @contextmanager
    def emulator(self, mode: str, latency_ms: int) -> Iterator[dict[str, str]]:
        """Run the emulator on a file with the catalogue; gives the environment that leads to it."""
        words = ["spotify", "emulate", "-q", "--mode", mode, "--latency-ms", str(latency_ms)]
        words += ["--catalogue", str(self.base / "catalogue.csv")]
        child = subprocess.Popen([_BIN / "boombap", *words], env=self.environ, stdout=subprocess.PIPE, text=True)
        try:
            assert child.stdout is not None, "asked for"
            url = child.stdout.readline().strip()
            yield {"BOOMBAP_SPOTIFY_BASE_URL": f"{url}/v1", "BOOMBAP_SPOTIFY_ACCOUNTS_URL": url}
        finally:
            child.kill()
            child.wait()

    def write_catalogue(self) -> None:
        """Write what the emulator is to know: every row under the id that the table gives it."""
        rows = self.session.read(
            "SELECT artist, title, substr(md5(id::text), 1, 22) AS id FROM public.tracks ORDER BY tracks.id"
        )
        lines = ["artist,title,id"]
        lines += [",".join(f'"{value.replace(chr(34), chr(34) * 2)}"' for value in row.values()) for row in rows]
        (self.base / "catalogue.csv").write_text("\n".join(lines), encoding="utf-8")

    def run(self, command: list[str], environ: Mapping[str, str]) -> Sample:
        """Run a command through the launcher and give what it took."""
        answer = self.base / "answer.json"
        line = f'exec "$@" > {answer}'
        launcher = [sys.executable, "-I", "-S", str(_HERE / "suite/launch.py"), "/bin/sh", "-c", line, "sh", *command]
        done = subprocess.run(launcher, env={**self.environ, **environ}, capture_output=True, text=True, check=True)
        took = json.loads(done.stdout)
        if took["exit"]:
            raise SystemExit(f"{' '.join(command)} ended with exit code {took['exit']}: nothing to measure")
        said = json.loads(answer.read_text(encoding="utf-8"))
        matched = said["filled"] if "filled" in said else said["outcomes"].get("matched", 0)
        return Sample(said["seconds"], said["requests"], matched, took["cpu_s"], took["rss_mb"], took["anon_mb"])


def main() -> None:
    """Prepare servers and data, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=20_000, help="tracks of a run with known ids (default: 20000)")
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each case (default: 3)")
    args = parser.parse_args()
    print(f"machine  {machine()}, load {os.getloadavg()[0]:.1f} before the first run")
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder, ExitStack() as stack:
        base = Path(folder)
        server = postgres.start(base / "local", settings=_SETTINGS)
        stack.callback(postgres.stop, base / "local")
        cache = valkey.start(base / "cache")
        stack.callback(valkey.stop, base / "cache")
        print(
            f"servers  PostgreSQL {server.version}, fsync on; Valkey {cache.version}; the emulator; on the same cores"
        )
        bench = Bench(base, server.url, cache.url)
        stack.enter_context(closing(bench.session))
        loaded = sample.load(bench.session, sample.FULL, faults=False)
        bench.write_catalogue()
        print(f"data     {loaded.tracks:,} tracks with the demo's indexes\n")
        _measure_commands(bench, args.tracks, args.runs)
        _measure_stages(bench)


def _cases(tracks: int) -> list[Case]:
    few = max(1, tracks // 5)
    return [
        Case("ids, extended, 0 ms", "extended", 0, 20, is_known=True, tracks=tracks),
        Case("ids, extended, 80 ms, 20 in flight", "extended", 80, 20, is_known=True, tracks=tracks),
        Case("names, extended, 0 ms", "extended", 0, 20, is_known=False, tracks=few),
        Case("names, extended, 80 ms, 150 in flight", "extended", 80, 150, is_known=False, tracks=few),
        Case("names, development, 0 ms", "development", 0, 20, is_known=False, tracks=few),
        Case("names, development, 80 ms", "development", 80, 20, is_known=False, tracks=few),
    ]


def _measure_commands(bench: Bench, tracks: int, runs: int) -> None:
    head = ("tracks/s", "slowest", "fastest", "req/track", "CPU us", "RSS MiB", "anon")
    print(f"{'command':<42}{'tracks':>8}" + "".join(f"{word:>10}" for word in head))
    for case in _cases(tracks):
        command = [str(_BIN / "boombap"), "spotify", "batch", "-q", "--format", "json"]
        command += ["--tracks", str(case.tracks), "--workers", str(case.in_flight)]
        _print(case.name, case.tracks, _measure(bench, case, command, runs))
    case = Case("classic: exact names, one UPDATE per row", "extended", 0, 1, is_known=False, tracks=_CLASSIC_TRACKS)
    command = [sys.executable, "-P", str(_CLASSIC), str(case.tracks)]
    for latency_ms in (0, 80):
        name = f"{case.name.split(':')[0]}: one search per track, {latency_ms} ms"
        _print(name, case.tracks, _measure(bench, case._replace(latency_ms=latency_ms), command, runs))


def _measure(bench: Bench, case: Case, command: list[str], runs: int) -> list[Sample]:
    samples = []
    with bench.emulator(case.mode, case.latency_ms) as environ:
        for _ in range(runs):
            bench.reset(is_known=case.is_known)
            samples.append(bench.run(command, environ))
    return samples


def _print(name: str, tracks: int, samples: list[Sample]) -> None:
    rates = [tracks / one.seconds for one in samples]
    last = samples[-1]
    cpu_us = 1e6 * statistics.median(one.cpu_s for one in samples) / tracks
    memory = max(one.rss_mb for one in samples), max(one.anon_mb for one in samples)
    print(
        f"{name:<42}{tracks:>8,}{statistics.median(rates):>10,.0f}{min(rates):>10,.0f}{max(rates):>10,.0f}"
        f"{last.requests / tracks:>10.2f}{cpu_us:>10.0f}{memory[0]:>10.1f}{memory[1]:>10.1f}"
        f"   {last.matched:,} matched"
    )


def _measure_stages(bench: Bench) -> None:
    """Measure what happens to each track in this process, one stage after the other on one thread."""
    print(f"\n{'stage alone, one thread':<42}{'us/track':>10}{'tracks/s':>12}")
    rows = bench.session.read(
        "SELECT id, artist, title, substr(md5(id::text), 1, 22) AS sid FROM public.tracks LIMIT 5000"
    )
    wanted = [TrackQuery(row["id"], row["artist"], row["title"], row["sid"]) for row in rows]
    with bench.emulator("extended", 0) as environ:
        body = _one_body(environ, [one.spotify_id or "" for one in wanted[:_IDS]])
    ask = ApiRequest(Endpoint.TRACKS, tuple(one.spotify_id or "" for one in wanted[:_IDS]))
    tracks = [track for track in decode(ask, body).response.tracks if track]
    _stage("decode (50 tracks, with orjson)", _IDS * 100, lambda: [decode(ask, body) for _ in range(100)])
    _stage("orjson alone", _IDS * 100, lambda: [orjson.loads(body) for _ in range(100)])
    _stage("match, the one known candidate", len(wanted), lambda: [match(one, tracks[:1]) for one in wanted])
    many = tracks[:_CANDIDATES]
    _stage("match, ten candidates", len(wanted), lambda: [match(one, many) for one in wanted])
    with RedisPool(redis_from_text(bench.redis_url, origin="the benchmark"), Interrupt()) as pool:
        cache = Cache(pool)
        found = [_as(track, one) for one, track in zip(wanted, tracks * (len(wanted) // len(tracks) + 1), strict=False)]
        _stage("cache, keep", len(wanted), lambda: cache.keep(found, (), ()))
        _stage("cache, look up (hits)", len(wanted), lambda: cache.look_up(wanted))
    print("\nThe store alone: benchmarks/spotify_store.py. Planning alone: benchmarks/spotify_planning.py")


def _as(track: Track, wanted: TrackQuery) -> Track:
    return track._replace(id=wanted.spotify_id, name=wanted.title)


def _one_body(environ: Mapping[str, str], ids: list[str]) -> bytes:
    with Client(Interrupt()) as client:
        token = client.fetch(
            Request(
                "POST",
                environ["BOOMBAP_SPOTIFY_ACCOUNTS_URL"] + "/api/token",
                ("Authorization: Basic YTpi", "Content-Type: application/x-www-form-urlencoded"),
                b"grant_type=client_credentials",
            )
        )
        header = f"Authorization: Bearer {json.loads(token.body)['access_token']}"
        url = f"{environ['BOOMBAP_SPOTIFY_BASE_URL']}/tracks?ids={','.join(ids)}"
        return client.fetch(Request("GET", url, (header,))).body


def _stage(name: str, tracks: int, work: Callable[[], object]) -> None:
    work()
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    seconds = statistics.median(took)
    print(f"{name:<42}{1e6 * seconds / tracks:>10.1f}{tracks / seconds:>12,.0f}")


if __name__ == "__main__":
    main()
