"""The way of a catalogue through the tools: metadata from the emulator, cache, coverage of the database, metrics page.

Classic and native take the same stages on the same tracks. What a stage leaves is checked by the next: the database
must count the rows that were filled, and the page must show what the database counts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from .environment import BOOMBAP, of_engines
from .memory import pss_mb
from .workloads import spotify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .model import Engine
    from .servers import Platform

_CLASSIC = Path(__file__).with_name("fill_classic.py")
_POLL_S = 0.01
_LIMIT_S = 300.0
_KILLED_WORKERS = 4
_FILLED = re.compile(r'^boombap_db_tracks_filled\{field="spotify_data"\} (\S+)$', re.MULTILINE)
# The page has the planner's estimate.
_ESTIMATE_TOLERANCE = 0.01


class Stage(NamedTuple):
    """One command of the pipeline: the seconds it took, and the peak of its proportional memory (PSS) in MiB."""

    name: str
    seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Passage:
    """The whole way of one engine.

    Attributes:
        engine: or a name for a run that was killed.
        tracks: in the table.
        rows: the Spotify id of each track that has one, by the track's own id.
        requests: to the emulator; of a run that was killed, those after the kill.
        cached: tracks that the cache got.
        covered: tracks with metadata, as the database tool counts them.
        shown: the same on the metrics page, from the planner's estimate; None where the page does not have it.
        stages: in their order.
    """

    engine: str
    tracks: int
    rows: Mapping[str, str]
    requests: int
    cached: int
    covered: int
    shown: float | None
    stages: Sequence[Stage]

    @property
    def tracks_per_s(self) -> float:
        """Tracks per second from the first command to the end of the last."""
        return self.tracks / sum(stage.seconds for stage in self.stages)

    @property
    def peak_mb(self) -> float:
        """The largest PSS of a command, in MiB."""
        return max(stage.peak_mb for stage in self.stages)


def passage(platform: Platform, engine: Engine, tracks: int) -> Passage:
    """Take all tracks through all stages by one engine, from an empty start.

    Raises:
        SystemExit: when a stage fails.
    """
    platform.reset()
    return _passage(platform, engine, tracks, engine)


def killed_passage(platform: Platform, tracks: int) -> Passage:
    """Kill native's batch (SIGKILL) when some of the rows are written, and let a second one finish the work.

    Raises:
        SystemExit: when a stage fails, or the first batch ended before it could be killed.
    """
    platform.reset()
    batch = [BOOMBAP, "spotify", "batch", "-q", "--workers", str(_KILLED_WORKERS)]
    null = subprocess.DEVNULL
    with subprocess.Popen(batch, env=platform.environ, stdout=null, stderr=null) as process:
        until_s = time.monotonic() + _LIMIT_S
        while not 0 < len(platform.rows()) < tracks:
            if process.poll() is not None or time.monotonic() > until_s:
                process.kill()
                raise SystemExit(f"the batch was not killed in the middle: {len(platform.rows())} rows were written")
            time.sleep(_POLL_S)
        process.kill()
    return _passage(platform, "native", tracks, "native, killed once")


def _passage(platform: Platform, engine: Engine, tracks: int, name: str) -> Passage:
    fill: list[str] = [BOOMBAP, "spotify", "batch", "-q", "--format", "json"]
    if engine == "classic":
        fill = [sys.executable, "-P", str(_CLASSIC), str(tracks)]
    filled, first = _run("fill", fill, platform.environ)
    warmed, second = _run("cache", [BOOMBAP, "spotify", "warm", "-q", "--format", "json"], platform.environ)
    platform.session.alone("VACUUM ANALYZE public.tracks")
    environ = of_engines("db", platform.environ)[engine]
    counted, third = _run("coverage", [BOOMBAP, "db", "--quick", "--format", "json"], environ)
    environ = {**of_engines("metrics", platform.environ)[engine], "BOOMBAP_METRICS_SOURCES": "db,redis"}
    page, fourth = _run("page", [BOOMBAP, "metrics", "collect", "-q"], environ)
    shown = _FILLED.search(page)
    return Passage(
        engine=name,
        tracks=tracks,
        rows=platform.rows(),
        requests=json.loads(filled)["requests"],
        cached=json.loads(warmed)["tracks"],
        covered=json.loads(counted)["tracks"]["with_spotify"],
        shown=float(shown[1]) if shown else None,
        stages=(first, second, third, fourth),
    )


def _run(name: str, command: Sequence[str], environ: Mapping[str, str]) -> tuple[str, Stage]:
    """Run a command, look at its memory every 10 ms, and return what it wrote."""
    started_s, peak_mb = time.perf_counter(), 0.0
    with TemporaryFile() as answer:
        process = subprocess.Popen(command, env=dict(environ), stdout=answer, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            peak_mb = max(peak_mb, pss_mb(process.pid))
            time.sleep(_POLL_S)
        seconds = time.perf_counter() - started_s
        answer.seek(0)
        output = answer.read().decode()
    if process.returncode:
        raise SystemExit(f"the stage {name} ended with exit code {process.returncode}: {' '.join(command)}")
    return output, Stage(name, seconds, round(peak_mb, 1))


def faults(classic: Passage, native: Passage) -> list[str]:
    """Return what is wrong in two passages on the same tracks; native may fill more rows than classic."""
    differences = [
        f"rows differ: {difference}" for difference in spotify.differences({**classic.rows}, {**native.rows})
    ]
    return [*differences, *incomplete(native), *inconsistent(classic), *inconsistent(native)]


def incomplete(native: Passage) -> list[str]:
    """Return what native did not do: every track has metadata, and the cache has every track."""
    counts = {"rows": len(native.rows), "tracks in the cache": native.cached}
    return [
        f"{native.engine}: {count} {name} of {native.tracks}"
        for name, count in counts.items()
        if count != native.tracks
    ]


def inconsistent(passage: Passage) -> list[str]:
    """Return where a later stage does not say what an earlier one did."""
    rows, wrong = len(passage.rows), []
    if passage.covered != rows:
        wrong.append(f"{passage.engine}: {rows} rows were filled, the database tool counts {passage.covered}")
    if passage.shown is None or abs(passage.shown - rows) > _ESTIMATE_TOLERANCE * passage.tracks:
        wrong.append(f"{passage.engine}: {rows} rows were filled, the metrics page has {passage.shown}")
    return wrong


def killed_faults(native: Passage, killed: Passage) -> list[str]:
    """Return what is wrong after a kill: rows differ from those of a run in one piece, or work is redone."""
    wrong = [*incomplete(killed), *inconsistent(killed)]
    if killed.rows != native.rows:
        wrong.append(f"{killed.engine}: the rows are not those of a run in one piece")
    if killed.requests >= native.requests:
        wrong.append(f"{killed.engine}: {killed.requests} requests after the kill, {native.requests} in one piece")
    return wrong
