from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import AccessDenied, BoombapError, RetryLater, TimedOut, Unreachable
from boombap.resilience.backoff import Backoff
from boombap.resilience.retry import Policy, Retry, retry, wait_s
from clocks import Clock

STEADY = Backoff(base_s=1, cap_s=1, factor=1)


class Asked(Unreachable):
    retry_after_s = 7.0


class Work:
    """Fails with each of `errors` in turn, then gives its answer."""

    def __init__(self, *errors: BoombapError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def run(work: Work, policy: Policy, clock: Clock, heard: list[Retry] | None = None) -> str:
    on_retry = heard.append if heard is not None else None
    return retry(work, policy, sleep=clock.sleep, clock=clock, random=lambda: 1.0, on_retry=on_retry)


def test_what_passes_by_itself_is_tried_again():
    clock, heard, errors = Clock(), [], [Unreachable("a"), TimedOut("b")]
    work = Work(*errors)
    assert run(work, Policy(backoff=STEADY), clock, heard) == "answer"
    assert clock.slept == [1, 1]
    assert heard == [Retry(1, 1, errors[0]), Retry(2, 1, errors[1])]


@pytest.mark.parametrize("error", [AccessDenied("no"), RetryLater("ban", retry_after_s=1)])
def test_what_stays_is_raised_at_once(error: BoombapError):
    clock, work = Clock(), Work(error)
    with pytest.raises(type(error)):
        run(work, Policy(), clock)
    assert (work.calls, clock.slept) == (1, [])


def test_the_last_error_is_raised_after_the_last_attempt():
    work = Work(*(Unreachable(str(n)) for n in range(9)))
    with pytest.raises(Unreachable, match="2"):
        run(work, Policy(attempts=3, backoff=STEADY), Clock())
    assert work.calls == 3


def test_no_wait_ends_behind_the_deadline():
    clock, work = Clock(), Work(*(Unreachable("x") for _ in range(9)))
    with pytest.raises(Unreachable):
        run(work, Policy(attempts=9, deadline_s=2.5, backoff=STEADY), clock)
    assert clock.slept == [1, 1]


def test_the_wait_that_was_asked_for_is_the_least():
    clock = Clock()
    run(Work(Asked("x")), Policy(backoff=STEADY), clock)
    assert clock.slept == [7]


def test_a_wait_asked_for_beyond_the_deadline_is_the_callers_decision():
    work = Work(Asked("x"))
    with pytest.raises(Asked):
        run(work, Policy(deadline_s=5), Clock())
    assert work.calls == 1


def test_a_bug_is_not_tried_again():
    def work() -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        retry(work, Policy(), sleep=lambda _: pytest.fail("slept"))


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0, 100), st.floats(0, 100), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_given_within_attempts_and_deadline_only(
    attempts: int, failures: int, spent: float, deadline: float, drawn: float
):
    policy = Policy(attempts=attempts, deadline_s=deadline)
    wait = wait_s(Unreachable("x"), failures, spent, policy, lambda: drawn)
    if wait is None:
        assert failures >= attempts or spent + policy.backoff.delay_s(failures, lambda: drawn) > deadline
    else:
        assert failures < attempts
        assert 0 <= wait <= deadline - spent + 1e-9
