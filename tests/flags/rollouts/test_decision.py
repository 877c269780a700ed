"""A rollout goes on after enough good runs, waits without them, and goes back when runs say that native is worse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.flags.rollouts.decision import Plan, decide
from boombap.record import Record

PLAN = Plan((1.0, 25.0, 100.0), min_runs=20, max_failures=0.01, max_slowdown=1.5)


class Run(Record):
    took_s: float
    is_failure: bool = False
    work: str = ""


def runs(count: int, *, failed: int = 0, seconds: float = 0.1, work: str = "") -> list[Run]:
    return [Run(seconds * (1 + number % 10 / 20), number < failed, work) for number in range(count)]


@pytest.mark.parametrize(
    ("step", "native", "classic", "action", "reason"),
    [
        (0, runs(0), runs(100), "wait", "0 of 20 runs of native at 1 %"),
        (0, runs(19), runs(100), "wait", "19 of 20 runs of native at 1 %"),
        (0, runs(20), runs(100), "advance", "20 runs of native at 1 %, none of it worse than classic"),
        (2, runs(20), [], "finish", "20 runs of native at 100 %"),
        (0, runs(3, failed=1), runs(100), "abort", "1 of 3 runs of native failed, 0 of 100 of classic"),
        (0, runs(400, failed=1), runs(100), "advance", ""),
        (0, runs(40, failed=20), runs(40, failed=20), "advance", ""),
        (0, runs(40, failed=40), [], "abort", "40 of 40 runs of native failed, 0 of 0 of classic"),
        (1, runs(200, seconds=0.2), runs(200), "abort", "the 95th percentile of native is"),
        (1, runs(200, seconds=0.12), runs(200), "advance", ""),
        (1, runs(29, seconds=9.0), runs(200), "advance", ""),
        (1, runs(200, seconds=9.0), runs(29), "advance", ""),
        (1, runs(200, seconds=9.0, work="keys"), runs(200, work="info"), "advance", ""),
        (
            1,
            runs(40, work="info") + runs(40, seconds=9.0, work="keys"),
            runs(40, work="keys"),
            "abort",
            "the 95th percentile of native at keys is",
        ),
    ],
)
def test_decisions(step: int, native: list[Run], classic: list[Run], action: str, reason: str) -> None:
    decision = decide(PLAN, step, native, classic)
    assert decision.action == action
    assert decision.reason.startswith(reason)


def test_failed_runs_do_not_make_an_engine_fast() -> None:
    native = [*runs(100, seconds=2.0), *[Run(0.0, is_failure=True)] * 1]
    assert decide(PLAN.replace(max_failures=0.5), 1, native, runs(100)).action == "abort"


@given(st.integers(0, 60), st.integers(0, 60))
def test_it_never_goes_on_where_every_run_of_native_failed(native: int, classic: int) -> None:
    decision = decide(PLAN, 0, runs(native, failed=native), runs(classic))
    assert decision.action == ("wait" if native == 0 else "abort")


@given(st.integers(1, 60), st.integers(0, 60))
def test_equal_engines_are_never_told_apart(count: int, failed: int) -> None:
    same = runs(count, failed=min(failed, count))
    assert decide(PLAN, 0, same, same).action != "abort"
