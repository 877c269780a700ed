from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from boombap.resilience.breaker import Breaker, State
from clocks import Clock


def opened(clock: Clock, **options: object) -> Breaker:
    breaker = Breaker(threshold=2, recovery_s=10, clock=clock, **options)
    for _ in range(2):
        assert breaker.allow()
        breaker.fail()
    return breaker


def test_it_opens_after_failures_in_a_row_only():
    breaker = Breaker(threshold=2, clock=Clock())
    breaker.fail()
    breaker.succeed()
    breaker.fail()
    assert breaker.state is State.CLOSED
    breaker.fail()
    assert breaker.state is State.OPEN


def test_open_it_admits_nobody_and_says_for_how_long():
    clock = Clock()
    breaker = opened(clock)
    clock.sleep(4)
    assert not breaker.allow()
    assert breaker.wait_s == 6


def test_after_the_recovery_time_it_admits_trials_only():
    clock = Clock()
    breaker = opened(clock, trials=2)
    clock.sleep(10)
    assert breaker.state is State.HALF_OPEN
    assert [breaker.allow() for _ in range(3)] == [True, True, False]


def test_trials_that_succeed_close_it():
    clock = Clock()
    breaker = opened(clock, trials=2)
    clock.sleep(10)
    breaker.allow()
    breaker.succeed()
    assert breaker.state is State.HALF_OPEN
    breaker.allow()
    breaker.succeed()
    assert breaker.state is State.CLOSED


def test_a_trial_that_fails_opens_it_for_the_whole_time_again():
    clock = Clock()
    breaker = opened(clock)
    clock.sleep(10)
    breaker.allow()
    breaker.fail()
    assert breaker.state is State.OPEN
    assert breaker.wait_s == 10


def test_a_trial_without_a_verdict_makes_room_for_another():
    clock = Clock()
    breaker = opened(clock)
    clock.sleep(10)
    assert breaker.allow()
    assert not breaker.allow()
    breaker.cancel()
    assert breaker.allow()


def half_open(clock: Clock, trials: int) -> Breaker:
    breaker = opened(clock, trials=trials)
    clock.sleep(10)
    assert breaker.state is State.HALF_OPEN
    return breaker


def test_no_more_trials_at_once_than_allowed():
    breaker = half_open(Clock(), 3)
    assert [breaker.allow() for _ in range(5)] == [True, True, True, False, False]
    breaker.succeed()
    assert [breaker.allow() for _ in range(2)] == [True, False], "the place of one that is over is free again"


def test_as_many_successes_as_trials_close_it():
    breaker = half_open(Clock(), 3)
    states = []
    for _ in range(3):
        assert breaker.allow()
        breaker.succeed()
        states.append(breaker.state)
    assert states == [State.HALF_OPEN, State.HALF_OPEN, State.CLOSED]


def test_one_trial_that_fails_opens_it_however_many_went_well():
    clock = Clock()
    breaker = half_open(clock, 3)
    for _ in range(3):
        assert breaker.allow()
    breaker.succeed()
    breaker.succeed()
    breaker.fail()
    assert (breaker.state, breaker.wait_s) == (State.OPEN, 10)
    clock.sleep(10)
    assert breaker.allow()
    breaker.succeed()
    assert breaker.state is State.HALF_OPEN, "the successes of the last time do not count"


def test_a_trial_that_is_forgotten_makes_room_for_one():
    breaker = half_open(Clock(), 3)
    for _ in range(3):
        assert breaker.allow()
    breaker.cancel()
    assert [breaker.allow() for _ in range(2)] == [True, False]


def test_trials_that_never_end_do_not_shut_the_next_recovery_out():
    clock = Clock()
    breaker = half_open(clock, 3)
    for _ in range(3):
        assert breaker.allow()
    breaker.fail()
    clock.sleep(10)
    assert [breaker.allow() for _ in range(4)] == [True, True, True, False]


def test_once_closed_it_counts_failures_from_the_beginning():
    breaker = half_open(Clock(), 1)
    breaker.allow()
    breaker.succeed()
    breaker.fail()
    assert breaker.state is State.CLOSED


def test_changes_are_told_in_order():
    clock, heard = Clock(), []
    breaker = opened(clock, on_change=lambda before, after: heard.append((before, after)))
    clock.sleep(10)
    breaker.allow()
    breaker.succeed()
    assert heard == [
        (State.CLOSED, State.OPEN),
        (State.OPEN, State.HALF_OPEN),
        (State.HALF_OPEN, State.CLOSED),
    ]


class Calls(RuleBasedStateMachine):
    """Whatever happens: at most `trials` calls pass while half-open, none while open, all while closed."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(threshold=3, recovery_s=5, trials=2, clock=self.clock)

    @rule(seconds=st.floats(0, 6))
    def wait(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    @rule(verdict=st.sampled_from(["succeed", "fail", "cancel"]))
    def call(self, verdict: str) -> None:
        before = self.breaker.state
        admitted = self.breaker.allow()
        if before is not State.HALF_OPEN:
            assert admitted is (before is State.CLOSED)
        if admitted:
            getattr(self.breaker, verdict)()

    @invariant()
    def waits_only_while_open(self) -> None:
        assert (self.breaker.wait_s > 0) is (self.breaker.state is State.OPEN)


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=50, deadline=None)
