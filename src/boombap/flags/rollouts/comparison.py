"""Both engines of a flag by what they did: how often each ran and failed, what it took, with intervals of 95 %."""

from __future__ import annotations

from boombap.flags.outcomes import by_work
from boombap.flags.rollouts.statistics import Estimate, quantile, share
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.flags.outcomes import Outcome, Outcomes

ENOUGH_RUNS = 30
"""With fewer runs of an engine nothing is said about it."""


class EngineRow(Record):
    """What the kept runs of one engine say about one kind of work.

    Attributes:
        engine: native or classic.
        work: what was done.
        runs: how many are kept.
        failures: how many of them failed.
        failure_share: of all runs, from 0 to 1; None without runs.
        p50_s: the median of those that did not fail, in seconds; None without any.
        p95_s: the 95th percentile of the same.
    """

    engine: str
    work: str
    runs: int
    failures: int
    failure_share: Estimate | None
    p50_s: Estimate | None
    p95_s: Estimate | None

    @property
    def is_enough(self) -> bool:
        """Tell whether the runs are enough to say something."""
        return self.runs >= ENOUGH_RUNS


class Pair(Record):
    """Both engines at one kind of work.

    Attributes:
        native: what its runs say.
        classic: what its runs say.
    """

    native: EngineRow
    classic: EngineRow

    @property
    def is_enough(self) -> bool:
        """Tell whether the runs of both are enough to compare them."""
        return self.native.is_enough and self.classic.is_enough


def pairs(outcomes: Outcomes) -> list[Pair]:
    """Return both engines for each kind of work, at least one pair."""
    native, classic = by_work(outcomes.native), by_work(outcomes.classic)
    works = sorted({*native, *classic}) or [""]
    return [
        Pair(_row("native", work, native.get(work, ())), _row("classic", work, classic.get(work, ()))) for work in works
    ]


def _row(engine: str, work: str, kept: Sequence[Outcome]) -> EngineRow:
    failures = sum(outcome.is_failure for outcome in kept)
    took_s = [outcome.took_s for outcome in kept if not outcome.is_failure]
    p50_s, p95_s = (quantile(took_s, rank) if took_s else None for rank in (0.5, 0.95))
    return EngineRow(engine, work, len(kept), failures, share(failures, len(kept)) if kept else None, p50_s, p95_s)


def verdict(pairs: Sequence[Pair]) -> str:
    """Return what may be said of the two, for a person; work with too few runs is left out where other has enough."""
    enough = [pair for pair in pairs if pair.is_enough]
    if not enough:
        return f"not enough runs: {ENOUGH_RUNS} of each are needed"
    return "; ".join(f"{pair.native.work}: {_said(pair)}" if pair.native.work else _said(pair) for pair in enough)


def _said(pair: Pair) -> str:
    native, classic = pair.native, pair.classic
    if _is_above(native.failure_share, classic.failure_share):
        return "native fails more often than classic"
    if _is_above(native.p50_s, classic.p50_s):
        return "native is slower than classic"
    if _is_above(classic.p50_s, native.p50_s):
        assert native.p50_s, "it was compared"
        assert classic.p50_s, "it was compared"
        return f"native takes {native.p50_s.value / classic.p50_s.value:.2g} of the time of classic (median)"
    return "the runs do not tell the two apart"


def _is_above(upper: Estimate | None, lower: Estimate | None) -> bool:
    """Tell whether a value is above another beyond chance: the intervals do not overlap."""
    low, high = upper.low if upper else None, lower.high if lower else None
    return low is not None and high is not None and low > high
