"""A catalogue's way through the tools, classic then native: metadata, cache, coverage, metrics page.

Starts PostgreSQL, Valkey and Spotify's emulator of its own; all of them and the commands share the machine's cores.
`python benchmarks/benchmark_ml_pipeline.py [--tracks 5000] [--latency-ms 0] [--kill]`
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from suite.environment import clean, compile_byte_code
from suite.measure import machine
from suite.model import ENGINES
from suite.pipeline import faults, killed_faults, killed_passage, passage
from suite.servers import running_platform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suite.pipeline import Passage


def main(argv: Sequence[str] | None = None) -> int:
    """Take the tracks through all stages by both engines.

    Returns:
        0, or 1 where rows are missing or differ, or a stage does not say what the one before did.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=5_000, help="in the table (default: 5000)")
    parser.add_argument("--latency-ms", type=int, default=0, help="of each request (default: 0)")
    parser.add_argument("--kill", action="store_true", help="run native once more, and kill -9 it in the middle")
    args = parser.parse_args(argv)
    compile_byte_code()
    print(f"machine  {machine()}")
    print(f"data     {args.tracks:,} tracks by name, {args.latency_ms} ms per request\n")
    with tempfile.TemporaryDirectory(prefix="boombap-bench-") as folder:
        base = Path(folder)
        with running_platform(base, clean(base), args.tracks, args.latency_ms) as platform:
            classic, native = passage(platform, "classic", args.tracks), passage(platform, "native", args.tracks)
            wrong = faults(classic, native)
            passages = [classic, native]
            if args.kill:
                killed = killed_passage(platform, args.tracks)
                wrong += killed_faults(native, killed)
                passages.append(killed)
    _print(passages)
    print(f"\nnative takes {native.tracks_per_s / classic.tracks_per_s:.1f} times as many tracks per second")
    print("\n".join(f"WRONG    {fault}" for fault in wrong) or "rows     equal wherever classic found one")
    return int(bool(wrong))


def _print(passages: Sequence[Passage]) -> None:
    stages = [stage.name for stage in passages[0].stages]
    head = ("tracks/s", "rows", "requests", "cached", "PSS MiB", *(f"{name} s" for name in stages))
    print(f"{'':<22}" + "".join(f"{word:>12}" for word in head))
    for each in passages:
        # What a run did before it was killed is not in its time.
        rate = f"{each.tracks_per_s:,.0f}" if each.engine in ENGINES else "–"
        counts = (rate, f"{len(each.rows):,}", f"{each.requests:,}", f"{each.cached:,}", f"{each.peak_mb:.1f}")
        cells = (*counts, *(f"{stage.seconds:.2f}" for stage in each.stages))
        print(f"{each.engine:<22}" + "".join(f"{cell:>12}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
