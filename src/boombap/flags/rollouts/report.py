"""Rollouts and the two engines side by side, as a person and as a program read them."""

from __future__ import annotations

from boombap.flags.report import percent
from boombap.output import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.flags.rollouts.comparison import EngineRow, Pair
    from boombap.flags.rollouts.file import Rollout
    from boombap.flags.rollouts.statistics import Estimate


def rollout_lines(rollout: Rollout, decided: str) -> Iterator[str]:
    """Yield where a rollout is, and why; `decided` is what this step did, empty for a look at it."""
    steps = ", ".join(f"{step:g}" for step in rollout.plan.steps)
    yield f"{rollout.flag}: {decided or rollout.state} at {rollout.percent:g} % (steps: {steps} %)"
    yield rollout.reason


def rollout_object(rollout: Rollout, decided: str) -> Mapping[str, object]:
    """Return what `rollout --format json` prints."""
    return {
        "schema": "boombap.flags.rollout/1",
        "flag": rollout.flag,
        "state": rollout.state,
        "action": decided or None,
        "percent": rollout.percent,
        "reason": rollout.reason,
        "since_s": rollout.since_s,
        "plan": rollout.plan,
    }


def comparison_lines(rows: Sequence[EngineRow], verdict: str, share: float | None, lost: int) -> Iterator[str]:
    """Yield both engines as a table, and what may be said of them."""
    yield f"native gets {percent(share)} of the keys"
    cells = [
        (
            row.engine,
            row.work,
            f"{row.runs:,}",
            f"{row.failures:,}",
            _interval(row.failure_share, 100, " %"),
            _interval(row.p50_s, 1000, " ms"),
            _interval(row.p95_s, 1000, " ms"),
        )
        for row in rows
    ]
    yield from table.lines(
        ("engine", "work", "runs", "failed", "failed, 95 %", "p50, 95 %", "p95, 95 %"), cells, indent=""
    )
    if lost:
        yield f"{lost:,} runs are not counted: another process held the file"
    yield verdict


def comparison_object(
    flag: str, pairs: Sequence[Pair], verdict: str, share: float | None, lost: int
) -> Mapping[str, object]:
    """Return what `report --format json` prints."""
    return {
        "schema": "boombap.flags.report/1",
        "flag": flag,
        "percent": share,
        "engines": [row for pair in pairs for row in (pair.native, pair.classic)],
        "is_enough": any(pair.is_enough for pair in pairs),
        "lost_runs": lost,
        "verdict": verdict,
    }


def _interval(estimate: Estimate | None, factor: float, unit: str) -> str:
    """Return a value with its interval; an end that the runs are too few for is a question mark."""
    if estimate is None:
        return "–"
    low, high = ("?" if end is None else f"{factor * end:.3g}" for end in (estimate.low, estimate.high))
    return f"{factor * estimate.value:.3g} ({low}–{high}){unit}"
