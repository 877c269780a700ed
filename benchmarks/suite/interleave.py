"""Runs both engines of a case in turn, and compares their answers in each turn: a wrong answer is not faster."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from boombap.flags.rollouts.statistics import quantile

from .measure import measured
from .model import ENGINES, Compared, Ratio, Taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .model import Case, Engine

    Sample = Mapping[str, float]

_MOST_DIFFERENCES = 10


def compared(case: Case, runs: int, folder: Path) -> Compared:
    """Run both engines once to warm up and then in turn, each first in every second turn.

    Args:
        runs: counted runs of each engine, at most `case.max_runs`.
        folder: for the answers.
    """
    runs = min(runs, case.max_runs)
    samples: dict[Engine, list[Sample]] = {engine: [] for engine in ENGINES}
    differences: dict[str, None] = {}
    for turn in range(runs + 1):
        answers: dict[Engine, Any] = {}
        for engine in ENGINES if turn % 2 else reversed(ENGINES):
            sample, answers[engine] = _run(case, engine, folder / "answer")
            if turn:
                samples[engine].append(sample)
        differences |= dict.fromkeys(case.differ(answers["classic"], answers["native"]))
    peers, failed = _peers(case, runs)
    classic, native = taken(samples["classic"]), taken(samples["native"])
    return Compared(
        tool=case.tool,
        name=case.name,
        data=case.data,
        note=case.note,
        runs=runs,
        tracks=case.tracks,
        classic=classic,
        native=native,
        ratio=ratio(classic.walls_ms, native.walls_ms),
        spread=spread(native.walls_ms),
        differences=list(differences)[:_MOST_DIFFERENCES],
        peers=peers,
        failed_peers=failed,
    )


def _run(case: Case, engine: Engine, answer: Path) -> tuple[Sample, Any]:
    if case.prepare:
        case.prepare()
    sample = measured(case.commands[engine], case.environs[engine], case.fine, answer)
    return sample, case.read(answer.read_text(encoding="utf-8"))


def _peers(case: Case, runs: int) -> tuple[dict[str, Taken], dict[str, int]]:
    """Return what other programs took, and the exit code of those that failed."""
    peers, failed = {}, {}
    environ = case.environs["native"]
    for name, command in case.peers.items():
        samples = [measured(command, environ, range(-64, 256)) for _ in range(runs + 1)][1:]
        codes = {int(sample["exit"]) for sample in samples} - {0}
        if codes:
            failed[name] = codes.pop()
        else:
            peers[name] = taken(samples)
    return peers, failed


def taken(samples: Sequence[Sample]) -> Taken:
    """Return what the runs of one program took together."""
    walls_ms = [round(1000 * sample["wall_s"], 2) for sample in samples]
    return Taken(
        median_ms=median(walls_ms),
        p95_ms=quantile(walls_ms, 0.95).value,
        cpu_ms=round(1000 * median(sample["cpu_s"] for sample in samples), 2),
        rss_mb=round(max(sample["rss_mb"] for sample in samples), 1),
        anon_mb=round(max(sample["anon_mb"] for sample in samples), 1),
        walls_ms=walls_ms,
    )


def ratio(classic_ms: Sequence[float], native_ms: Sequence[float]) -> Ratio:
    """Return the median ratio of the runs of one turn, with its interval of 95 % by order statistics.

    Runs of one turn are divided by each other, so that a machine that slows down for a while does not count.

    >>> ratio([20.0, 40.0, 30.0], [10.0, 10.0, 10.0])
    Ratio(value=3.0, low=None, high=None)
    """
    pairs = [slow / fast for slow, fast in zip(classic_ms, native_ms, strict=True)]
    interval = quantile(pairs, 0.5)
    return Ratio(median(pairs), interval.low, interval.high)


def spread(walls_ms: Sequence[float]) -> float:
    """Return the distance of the quartiles as a share of the median; 0 for a single run.

    >>> spread([100.0, 100.0, 100.0, 100.0])
    0.0
    """
    if len(walls_ms) < 2:
        return 0.0
    low, middle, high = quantiles(walls_ms, n=4, method="inclusive")
    return (high - low) / middle
