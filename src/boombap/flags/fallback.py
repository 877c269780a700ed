"""The breaker of a flag: switches native off after failures, or when it is slower than classic, and tries it again.

Short commands share no memory, so its state is in the file of outcomes. A closed breaker is read without the lock. It
opens after five failures of native in a row, or when native's p95 at some work passes classic's at the same, with at
least 30 samples each; what failed is not a sample. After 30 s it is half-open: the first run and then every twentieth
is a trial on native, by a counter in the file, and the first trial that ends decides. A clock that was set back does
not keep it open.
Source: M. Nygard, "Release It!", chapter "Circuit Breaker".
"""

from __future__ import annotations

import time

from boombap.flags.model import CLASSIC, MAX_OUTCOMES, NATIVE
from boombap.flags.outcomes import LOCK_S, BreakerState, Outcome, Outcomes, added, by_work, change, read
from boombap.record import Record
from boombap.resilience.breaker import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

FAILURES = 5
"""Failures of native in a row that open it."""

MIN_SAMPLES = 30
"""Successful runs of each engine without which their speed is not compared."""

RECOVERY_S = 30.0
"""How long it stays open before a trial."""

TRIAL_EVERY = 20
"""Of this many runs that ask while it is half-open, one is a trial."""


class Pass(Record):
    """Whether a run may use native.

    Attributes:
        is_native: whether it may.
        is_trial: whether its outcome decides if the breaker closes.
        reason: why it may not; empty where it may.
    """

    is_native: bool
    is_trial: bool = False
    reason: str = ""


class Fallback:
    """The breaker of one flag, for one run.

    Args:
        state: the folder of what runs leave.
        flag: its name.
        note: told of a file that cannot be used.
        clock: Unix time.
    """

    def __init__(
        self,
        state: Path,
        flag: str,
        note: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._state = state
        self._flag = flag
        self._on_note = note
        self._noted: set[str] = set()
        self._clock = clock
        self._patience_s = LOCK_S

    def ask(self) -> Pass:
        """Tell whether this run may use native; one that is half-open counts the run."""
        breaker = read(self._state, self._flag, self._note).breaker
        if state_at(breaker, self._clock()) is State.CLOSED:
            return Pass(is_native=True)
        if state_at(breaker, self._clock()) is State.OPEN:
            return Pass(is_native=False, reason=breaker.reason)
        return self._turn(breaker.reason)

    def record(
        self, engine: str, took_s: float, *, is_failure: bool = False, is_trial: bool = False, work: str = ""
    ) -> None:
        """Keep how a run of an engine ended; native's decides over the breaker."""
        now_s = self._clock()
        outcome = Outcome(now_s, max(0.0, took_s), is_failure, work)
        self._change(lambda kept: recorded(kept, engine, outcome, is_trial=is_trial, now_s=now_s), loses_outcome=True)

    def _note(self, text: str) -> None:
        if text not in self._noted:  # a file is read to ask, and again to record
            self._noted.add(text)
            self._on_note(text)

    def _turn(self, reason: str) -> Pass:
        passes: list[Pass] = []

        def count(kept: Outcomes) -> Outcomes:
            state = state_at(kept.breaker, self._clock())  # another process may have closed or opened it by now
            if state is not State.HALF_OPEN:
                passes.append(Pass(is_native=state is State.CLOSED, reason=kept.breaker.reason))
                return kept
            is_trial = kept.breaker.turns % TRIAL_EVERY == 0
            passes.append(Pass(is_native=is_trial, is_trial=is_trial, reason="" if is_trial else kept.breaker.reason))
            return kept.replace(breaker=kept.breaker.replace(turns=kept.breaker.turns + 1))

        # A trial that could not be counted would not be one in twenty.
        return passes[0] if self._change(count, loses_outcome=False) else Pass(is_native=False, reason=reason)

    def _change(self, edit: Callable[[Outcomes], Outcomes], *, loses_outcome: bool) -> bool:
        args = (self._state, self._flag, edit, self._note)
        is_kept = change(*args, limit_s=self._patience_s, loses_outcome=loses_outcome)
        if not is_kept:
            self._patience_s = 0.0  # a run waits once
        return is_kept


def state_at(breaker: BreakerState, now_s: float) -> State:
    """Return the state of a breaker at a moment; one that opened in the future, by a clock set back, is half-open.

    Args:
        breaker: of a flag.
        now_s: Unix time.
    """
    if not breaker.is_open:
        return State.CLOSED
    return State.OPEN if 0 <= now_s - breaker.since_s < RECOVERY_S else State.HALF_OPEN


def recorded(outcomes: Outcomes, engine: str, outcome: Outcome, *, is_trial: bool, now_s: float) -> Outcomes:
    """Return outcomes with one more, and what it makes of the breaker.

    Args:
        outcomes: all that is kept of the flag.
        engine: ``native`` or ``classic``.
        outcome: of one of its runs.
        is_trial: whether the run was a trial of a half-open breaker.
        now_s: Unix time.
    """
    if engine == CLASSIC:
        return _judged(outcomes.replace(classic=added(outcomes.classic, outcome)), now_s)
    assert engine == NATIVE, engine
    breaker = outcomes.breaker
    counted = breaker.replace(counted=min(breaker.counted + 1, MAX_OUTCOMES))
    outcomes = outcomes.replace(native=added(outcomes.native, outcome), breaker=counted)
    if not breaker.is_open:
        return _judged(outcomes, now_s)
    if not is_trial:  # it began before the breaker opened
        return outcomes
    if outcome.is_failure or _is_slow(outcome, outcomes.classic):
        return _opened(outcomes, breaker.reason, now_s)
    return outcomes.replace(breaker=BreakerState(since_s=now_s))


def p95_s(outcomes: Sequence[Outcome]) -> float | None:
    """Return the 95th percentile of the seconds of successful runs, by nearest rank; None for fewer than 30."""
    took = _successes_s(outcomes)
    return took[-(-len(took) * 95 // 100) - 1] if len(took) >= MIN_SAMPLES else None


def _judged(outcomes: Outcomes, now_s: float) -> Outcomes:
    breaker = outcomes.breaker
    native = outcomes.native[-breaker.counted :] if breaker.counted else ()
    if breaker.is_open:
        return outcomes
    if len(native) >= FAILURES and all(outcome.is_failure for outcome in native[-FAILURES:]):
        return _opened(outcomes, f"{FAILURES} failures in a row", now_s)
    classic = by_work(outcomes.classic)
    for work, runs in by_work(native).items():
        ours_s, theirs_s = p95_s(runs), p95_s(classic.get(work, ()))
        if ours_s is not None and theirs_s is not None and ours_s > theirs_s:
            name = f"p95 of {work}" if work else "p95"
            return _opened(outcomes, f"{name} {1000 * ours_s:.4g} ms, of classic {1000 * theirs_s:.4g} ms", now_s)
    return outcomes


def _is_slow(native: Outcome, classic: Sequence[Outcome]) -> bool:
    limit_s = p95_s(by_work(classic).get(native.work, ()))
    return limit_s is not None and native.took_s > limit_s


def _opened(outcomes: Outcomes, reason: str, now_s: float) -> Outcomes:
    return outcomes.replace(breaker=BreakerState(is_open=True, since_s=now_s, reason=reason))


def _successes_s(outcomes: Sequence[Outcome]) -> list[float]:
    return sorted(outcome.took_s for outcome in outcomes if not outcome.is_failure)
