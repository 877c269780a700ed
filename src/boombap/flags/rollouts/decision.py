"""When a rollout goes on, waits or goes back: a state machine that `flags rollout advance` steps, with no daemon.

A step is left for the next one when enough runs of native have ended in it and nothing says that native is worse. It
goes back to 0 % as soon as the runs say so: more failures than classic by more than what was allowed, or a 95th
percentile above classic's times what was allowed, both beyond chance (the intervals of `statistics` do not overlap).
Without traffic it waits.
"""

from __future__ import annotations

from boombap.flags.rollouts.statistics import quantile, share
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, Protocol

    Action = Literal["advance", "wait", "abort", "finish"]

    class Run(Protocol):
        """A run of an engine."""

        @property
        def took_s(self) -> float:
            """Return how long it took, in seconds."""

        @property
        def is_failure(self) -> bool:
            """Tell whether it failed."""

        @property
        def work(self) -> str:
            """Return what was done: times of different work are not compared."""


STEPS = (1.0, 5.0, 25.0, 50.0, 100.0)
_TAIL = 0.95
# With fewer runs of each the 95th percentile is one run's bad luck.
_FEWEST_TIMED = 30


class Plan(Record):
    """What a rollout may do.

    Attributes:
        steps: the shares of native, upwards, each from 0 to 100; the last is where it ends.
        min_runs: how many runs of native each step needs.
        max_failures: how much more often native may fail than classic: 0.01 is one run in 100.
        max_slowdown: what native's 95th percentile may be of classic's: 1.2 is a fifth more.
    """

    steps: tuple[float, ...] = STEPS
    min_runs: int = 50
    max_failures: float = 0.01
    max_slowdown: float = 1.2


class Decision(Record):
    """What a step of a rollout does.

    Attributes:
        action: ``advance`` to the next share, ``wait``, ``abort`` (back to 0 %) or ``finish``.
        reason: why, for a person.
    """

    action: Action
    reason: str


def decide(plan: Plan, step: int, native: Sequence[Run], classic: Sequence[Run]) -> Decision:
    """Return what to do next.

    Args:
        plan: of the rollout.
        step: the place of the present share in the plan, from 0.
        native: the runs of native since the step began.
        classic: the runs of classic that are known, of any time: there are none at 100 %.
    """
    worse = _failures(plan, native, classic) or _slowness(plan, native, classic)
    if worse:
        return Decision("abort", worse)
    if len(native) < plan.min_runs:
        return Decision("wait", f"{len(native):,} of {plan.min_runs:,} runs of native at {plan.steps[step]:g} %")
    if step == len(plan.steps) - 1:
        return Decision("finish", f"{len(native):,} runs of native at {plan.steps[step]:g} %")
    return Decision(
        "advance", f"{len(native):,} runs of native at {plan.steps[step]:g} %, none of it worse than classic"
    )


def _failures(plan: Plan, native: Sequence[Run], classic: Sequence[Run]) -> str:
    """Return in what native fails more often than is allowed, beyond chance; empty where it does not."""
    ours, theirs = _failed(native), _failed(classic)
    of_native, of_classic = share(ours, len(native)), share(theirs, len(classic))
    # Without a run of classic its share is not known; then what was allowed is measured from no failure at all.
    allowed = plan.max_failures + (of_classic.high if of_classic.high is not None and theirs else of_classic.value)
    if of_native.low is None or of_native.low <= allowed:
        return ""
    counts = f"{ours:,} of {len(native):,} runs of native failed, {theirs:,} of {len(classic):,} of classic"
    return f"{counts}; allowed are {100 * plan.max_failures:g} % more"


def _failed(runs: Sequence[Run]) -> int:
    return sum(run.is_failure for run in runs)


def _slowness(plan: Plan, native: Sequence[Run], classic: Sequence[Run]) -> str:
    """Return in what work native is slower than is allowed, beyond chance; empty where it is not."""
    for work in dict.fromkeys(run.work for run in native):
        timed = ([run.took_s for run in runs if run.work == work and not run.is_failure] for runs in (native, classic))
        slower = _slower(plan, work, *timed)
        if slower:
            return slower
    return ""


def _slower(plan: Plan, work: str, ours: Sequence[float], theirs: Sequence[float]) -> str:
    if min(len(ours), len(theirs)) < _FEWEST_TIMED:
        return ""
    of_native, of_classic = quantile(ours, _TAIL), quantile(theirs, _TAIL)
    limit_s = plan.max_slowdown * (of_classic.high if of_classic.high is not None else max(theirs))
    if of_native.low is None or of_native.low <= limit_s:
        return ""
    times = f"{1000 * of_native.value:,.0f} ms, of classic {1000 * of_classic.value:,.0f} ms"
    where = f" at {work}" if work else ""
    return f"the 95th percentile of native{where} is {times}; allowed is {plan.max_slowdown:g} times that"
