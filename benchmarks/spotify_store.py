"""How many verdicts per second the store takes, beside one UPDATE per row, and what the cache's values cost.

Starts an embedded PostgreSQL of its own in a temporary folder. `python benchmarks/spotify_store.py [--rows 20000]`
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from boombap.clients.postgres.pool import Pool
from boombap.clients.postgres.session import Limits, Session
from boombap.clients.postgres.target import from_text
from boombap.demo import sample
from boombap.interrupt import Interrupt
from boombap.local import postgres
from boombap.spotify.cache import codec
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.leases import Leases, Selection
from boombap.spotify.catalogue.writer import CatalogueWriter
from boombap.spotify.model import Album, Artist, Match, Outcome, Track, TrackQuery
from boombap.spotify.settings import FIELDS
from suite.measure import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SETTINGS = {"max_wal_size": "2GB", "shared_buffers": "256MB", "io_method": "sync"}
_LIMITS = Limits(statement_ms=60_000, lock_ms=60_000)
_CLASSIC_ROWS = 2_000


def main() -> None:
    """Prepare the database, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="verdicts of each run (default: 20000)")
    parser.add_argument("--runs", type=int, default=5, help="counted runs (default: 5)")
    args = parser.parse_args()
    print(f"machine  {machine()}")
    _measure_codec()
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder:
        base = Path(folder) / "local"
        server = postgres.start(base, settings=_SETTINGS)
        try:
            print(f"server   PostgreSQL {server.version}, fsync on, on a socket")
            _measure_store(server.url, args.rows, args.runs)
        finally:
            postgres.stop(base)


def verdict(number: int, turn: int = 0) -> Match:
    """Give a verdict about row `number` as a run over the catalogue brings them: 4 tracks an album, 130 an artist."""
    artist = Artist(f"r{number // 130:021d}", f"Artist {number // 130}")
    guest = Artist(f"g{number % 500:021d}", f"Guest {number % 500}")
    album = Album(f"l{number // 4:021d}", f"Album {number // 4}", "1999-11-16", "album", 14)
    track = Track(
        f"t{number:021d}",
        f"Song {number} (feat. Guest)",
        (artist, guest) if number % 3 == 0 else (artist,),
        album,
        180_000 + number % 60_000,
        explicit=True,
        isrc=f"USXX1{number:07d}",
        popularity=(number + turn) % 100,
        track_number=1 + number % 14,
        disc_number=1,
        preview_url=f"https://p.scdn.example/mp3-preview/{number:040x}",
    )
    return Match(
        TrackQuery(number, artist.name, f"Song {number}"), Outcome.MATCHED, track, 0.97, 0.2, ("title", "artist")
    )


def _measure_store(url: str, rows: int, runs: int) -> None:
    target = from_text(url, origin="the benchmark")
    session = Session(target, _LIMITS, Interrupt())
    loaded = sample.load(session, sample.Scale(max(rows, 20_000)), faults=False)
    schema.prepare(session)
    print(f"data     {loaded.tracks:,} tracks with the indexes of production, {rows:,} verdicts per run\n")
    print(f"{'what':<58}{'rows/s':>9}{'slowest':>9}{'fastest':>9}")
    with Pool(target, Interrupt(), limits=_LIMITS, size=2) as pool:
        for size in (500, 1_000, 2_000):
            _measure_size(session, pool, size, rows, runs)
        _measure_classic(session)
        session.write("DROP INDEX public.tracks_spotify_data_idx")
        print("\nwithout the GIN index on tracks.spotify_data, which takes most of a write to tracks")
        _measure_size(session, pool, 1_000, rows, runs)
    print()
    _measure_leases(target, rows)
    session.close()


def _measure_size(session: Session, pool: Pool, size: int, rows: int, runs: int) -> None:
    batches = [
        [[verdict(n, turn) for n in range(first, min(first + size, rows + 1))] for first in range(1, rows + 1, size)]
        for turn in range(2)
    ]

    def flush(store: CatalogueWriter, turn: int) -> None:
        for batch in batches[turn % 2]:
            store.write(batch)

    keyed, alone = CatalogueWriter(pool, fields=FIELDS), CatalogueWriter(pool, fields=FIELDS, keyed=False)
    _empty(session)
    _report(f"insert, all tables, batches of {size}", rows, runs, lambda turn: flush(keyed, turn), session)
    flush(keyed, 0)
    _report(f"upsert, popularity changed, all tables, of {size}", rows, runs, lambda turn: flush(keyed, turn + 1))
    flush(keyed, 0)
    _report(f"upsert, nothing changed, all tables, of {size}", rows, runs, lambda _: flush(keyed, 0))
    _report(f"upsert, popularity changed, without tracks, of {size}", rows, runs, lambda turn: flush(alone, turn + 1))


def _measure_leases(target: object, rows: int) -> None:
    session = Session(target, _LIMITS, Interrupt())  # type: ignore[arg-type]
    session.write("TRUNCATE public.spotify_matches, public.spotify_leases")
    with Leases(session, Selection(max_tracks=rows)) as leases:
        begun_s = time.perf_counter()
        taken = sum(len(chunk) for chunk in leases.chunks())
        rate = taken / (time.perf_counter() - begun_s)
    print(f"{'leases taken, chunks of 1,000, none given back':<58}{rate:>9,.0f}")


def _measure_classic(session: Session) -> None:
    """Write as the old enhancer did: one UPDATE of tracks.spotify_data a row, each its own transaction."""
    documents = [(json.dumps({"id": f"t{n:021d}", "popularity": n % 100}), n) for n in range(1, _CLASSIC_ROWS + 1)]
    begun_s = time.perf_counter()
    for document in documents:
        session.write("UPDATE public.tracks SET spotify_data = %s WHERE id = %s", document)
    rate = _CLASSIC_ROWS / (time.perf_counter() - begun_s)
    print(f"{'classic: one UPDATE per row, tracks.spotify_data only':<58}{rate:>9,.0f}")


def _report(name: str, rows: int, runs: int, work: Callable[[int], object], session: Session | None = None) -> None:
    rates = []
    for turn in range(runs):
        if session:
            _empty(session)
        begun_s = time.perf_counter()
        work(turn)
        rates.append(rows / (time.perf_counter() - begun_s))
    print(f"{name:<58}{statistics.median(rates):>9,.0f}{min(rates):>9,.0f}{max(rates):>9,.0f}")


def _empty(session: Session) -> None:
    session.write(
        "TRUNCATE public.spotify_tracks, public.spotify_albums, public.spotify_artists, public.spotify_matches"
    )
    session.write("UPDATE public.tracks SET spotify_data = NULL WHERE spotify_data IS NOT NULL")
    session.alone("VACUUM public.tracks")
    session.alone("CHECKPOINT")


def _measure_codec() -> None:
    tracks = [match.track for match in map(verdict, range(1, 2_001)) if match.track]
    plain = [codec.encode_track(track) for track in tracks]
    packed = [zlib.compress(value, 1) for value in plain]
    costs = {
        "encode, plain": _cost_us(codec.encode_track, tracks),
        "decode, plain": _cost_us(codec.decode_track, plain),
        "zlib level 1 on top, to write": _cost_us(lambda value: zlib.compress(value, 1), plain),
        "zlib on top, to read": _cost_us(zlib.decompress, packed),
    }
    sizes = [statistics.mean(map(len, values)) for values in (plain, packed)]
    print(f"cache    a track is {sizes[0]:.0f} bytes plain, {sizes[1]:.0f} with zlib")
    print("         " + ", ".join(f"{name} {cost:.1f} us" for name, cost in costs.items()))


def _cost_us(work: Callable[..., object], values: Sequence[object]) -> float:
    costs = []
    for _ in range(7):
        begun_s = time.perf_counter()
        for value in values:
            work(value)
        costs.append((time.perf_counter() - begun_s) / len(values))
    return 1_000_000 * min(costs)


if __name__ == "__main__":
    main()
