"""When the breaker of a flag opens, who is let through while it is half-open, and when native comes back."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from boombap.flags.fallback import (
    FAILURES,
    MIN_SAMPLES,
    RECOVERY_S,
    TRIAL_EVERY,
    Fallback,
    Pass,
    p95_s,
    recorded,
    state_at,
)
from boombap.flags.outcomes import BreakerState, Outcome, Outcomes, change, read
from boombap.resilience.breaker import State

if TYPE_CHECKING:
    from pathlib import Path

DB = "db-engine"
_ASK = """
import sys, time
from pathlib import Path
from boombap.flags.fallback import Fallback
print(Fallback(Path(sys.argv[1]), "db-engine", clock=lambda: 1000.0).ask().is_trial)
"""


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fallback(tmp_path: Path, clock: Clock) -> Fallback:
    return Fallback(tmp_path, DB, clock=clock)


def fail(fallback: Fallback, times: int = FAILURES) -> None:
    for _ in range(times):
        fallback.record("native", 0.1, is_failure=True)


def succeed(fallback: Fallback, engine: str = "native", took_s: float = 0.1, times: int = 1) -> None:
    for _ in range(times):
        fallback.record(engine, took_s)


def test_a_flag_without_outcomes_lets_native_run(fallback: Fallback):
    assert fallback.ask() == Pass(is_native=True)


def test_failures_in_a_row_open_it(fallback: Fallback):
    succeed(fallback)
    fail(fallback, FAILURES - 1)
    assert fallback.ask().is_native
    fail(fallback, 1)
    assert fallback.ask() == Pass(is_native=False, reason="5 failures in a row")


def test_a_success_in_between_keeps_it_closed(fallback: Fallback):
    fail(fallback, FAILURES - 1)
    succeed(fallback)
    fail(fallback, FAILURES - 1)
    assert fallback.ask().is_native


def test_failures_of_classic_do_not_open_it(fallback: Fallback):
    for _ in range(FAILURES):
        fallback.record("classic", 0.1, is_failure=True)
    assert fallback.ask().is_native


@pytest.mark.parametrize("last", ["native", "classic"])
def test_a_p95_above_that_of_classic_opens_it(fallback: Fallback, last: str):
    counts = {"native": MIN_SAMPLES, "classic": MIN_SAMPLES} | {last: MIN_SAMPLES - 1}
    succeed(fallback, "native", 0.2, counts["native"])
    succeed(fallback, "classic", 0.1, counts["classic"])
    assert fallback.ask().is_native
    succeed(fallback, last, 0.2 if last == "native" else 0.1)
    assert fallback.ask() == Pass(is_native=False, reason="p95 200 ms, of classic 100 ms")


def test_times_of_different_work_are_not_compared(fallback: Fallback):
    """`redis keys` takes longer than `redis info`, in either engine."""
    for _ in range(MIN_SAMPLES):
        fallback.record("native", 9.0, work="keys")
        fallback.record("classic", 0.1, work="info")
    assert fallback.ask().is_native
    for _ in range(MIN_SAMPLES):
        fallback.record("classic", 0.5, work="keys")
    assert fallback.ask() == Pass(is_native=False, reason="p95 of keys 9000 ms, of classic 500 ms")


def test_the_same_speed_keeps_it_closed(fallback: Fallback):
    succeed(fallback, "native", 0.1, MIN_SAMPLES)
    succeed(fallback, "classic", 0.1, MIN_SAMPLES)
    assert fallback.ask().is_native


def test_what_failed_is_not_a_sample_of_speed(fallback: Fallback):
    succeed(fallback, "classic", 0.1, MIN_SAMPLES)
    for _ in range(MIN_SAMPLES):
        fallback.record("native", 60.0, is_failure=True)
        succeed(fallback, "native", 0.05)
    assert fallback.ask().is_native


def test_p95_is_by_nearest_rank():
    rows = [Outcome(0.0, float(number), is_failure=False) for number in range(1, 101)]
    assert p95_s(rows) == 95.0
    assert p95_s(rows[:30]) == 29.0
    assert p95_s(rows[:29]) is None


def test_half_open_lets_one_in_twenty_through(fallback: Fallback, clock: Clock):
    fail(fallback)
    clock.now_s += RECOVERY_S - 0.001
    assert not any(fallback.ask().is_native for _ in range(2 * TRIAL_EVERY))
    clock.now_s += 0.001
    passes = [fallback.ask() for _ in range(5 * TRIAL_EVERY)]
    assert [number for number, passed in enumerate(passes) if passed.is_native] == [0, 20, 40, 60, 80]
    assert all(passed.is_trial is passed.is_native for passed in passes)
    assert passes[1].reason == "5 failures in a row"


def test_a_trial_that_succeeds_closes_it_and_old_failures_count_no_more(fallback: Fallback, clock: Clock):
    fail(fallback)
    clock.now_s += RECOVERY_S
    assert fallback.ask().is_trial
    fallback.record("native", 0.1, is_trial=True)
    assert fallback.ask() == Pass(is_native=True)
    fail(fallback, FAILURES - 1)
    assert fallback.ask().is_native
    fail(fallback, 1)
    assert not fallback.ask().is_native


def test_a_trial_that_fails_opens_it_for_another_while(fallback: Fallback, clock: Clock):
    fail(fallback)
    clock.now_s += RECOVERY_S
    assert fallback.ask().is_trial
    fallback.record("native", 0.1, is_failure=True, is_trial=True)
    assert not any(fallback.ask().is_native for _ in range(2 * TRIAL_EVERY))
    clock.now_s += RECOVERY_S
    assert fallback.ask().is_trial


def test_a_run_that_began_before_it_opened_does_not_close_it(fallback: Fallback, clock: Clock):
    fail(fallback)
    succeed(fallback)
    assert not fallback.ask().is_native
    clock.now_s += RECOVERY_S
    succeed(fallback)
    fallback.ask()
    assert not fallback.ask().is_native


def test_slow_native_comes_back_only_when_it_is_fast_enough(fallback: Fallback, clock: Clock):
    succeed(fallback, "native", 0.2, MIN_SAMPLES)
    succeed(fallback, "classic", 0.1, MIN_SAMPLES)
    for took_s, is_native in ((0.11, False), (0.1, True)):
        clock.now_s += RECOVERY_S
        assert fallback.ask().is_trial
        fallback.record("native", took_s, is_trial=True)
        assert fallback.ask().is_native is is_native
    succeed(fallback, "native", 0.2, MIN_SAMPLES - 2)  # with the samples before it would be too slow
    assert fallback.ask().is_native


def test_a_clock_that_goes_back_does_not_keep_it_open(fallback: Fallback, clock: Clock):
    clock.now_s = 10_000_000.0
    fail(fallback)
    clock.now_s = 50.0
    assert [fallback.ask().is_trial for _ in range(2)] == [True, False]
    fallback.record("native", -3.0, is_trial=True)
    assert fallback.ask().is_native


def test_a_lock_that_is_not_free_makes_no_trial(fallback: Fallback, clock: Clock, tmp_path: Path):
    fail(fallback)
    clock.now_s += RECOVERY_S
    passes: list[Pass] = []

    def meanwhile(kept: Outcomes) -> Outcomes:
        passes.append(fallback.ask())
        return kept

    change(tmp_path, DB, meanwhile)
    assert passes == [Pass(is_native=False, reason="5 failures in a row")]
    assert read(tmp_path, DB).lost == 0


def test_one_that_another_process_has_closed_lets_native_run(tmp_path: Path):
    breaker = BreakerState(is_open=True, since_s=1.0, reason="x")
    trial = Outcome(50.0, 0.1, is_failure=False)
    closed = recorded(Outcomes(breaker=breaker), "native", trial, is_trial=True, now_s=50.0)
    assert state_at(breaker, 50.0) is State.HALF_OPEN
    assert state_at(closed.breaker, 50.0) is State.CLOSED


def test_of_fifty_processes_at_once_one_in_twenty_is_a_trial(tmp_path: Path):
    change(tmp_path, DB, lambda kept: kept.replace(breaker=BreakerState(is_open=True, since_s=1.0, reason="x")))
    children = [
        subprocess.Popen([sys.executable, "-c", _ASK, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(50)
    ]
    trials = [child.communicate()[0] for child in children].count("True\n")
    turns = read(tmp_path, DB).breaker.turns
    assert trials == -(-turns // TRIAL_EVERY)  # who did not get the lock in time was not counted
    assert 1 <= trials <= 3
