from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import RetryLater, Unreachable
from boombap.spotify.quota.limiter import LONGEST_WAIT_S, Grant, Limiter, RateLimits
from boombap.spotify.webapi.rate_limit import Limited
from clocks import Clock

LIMITS = RateLimits(budget=60, window_s=30, burst=20, share=0.25)


class Shared:
    """A window and a memory of one account, in this process."""

    def __init__(self, clock: Clock, budget: int, window_s: float) -> None:
        self.clock, self.budget, self.window_s = clock, budget, window_s
        self.taken: list[float] = []
        self.until_s = 0.0
        self.is_down = False
        self.calls = 0

    def take(self, most: int) -> Grant:
        self._check()
        self.calls += 1
        now = self.clock()
        self.taken = [at for at in self.taken if at > now - self.window_s]
        granted = min(most, self.budget - len(self.taken))
        self.taken += [now] * granted
        wait = 0.0 if granted == most else self.taken[0] + self.window_s - now
        return Grant(granted, wait, self.until_s)

    def give_back(self, n: int) -> None:
        self._check()
        del self.taken[len(self.taken) - n :]

    def cooldown_until_s(self) -> float:
        self._check()
        return self.until_s

    def cool_down(self, until_s: float, reason: str) -> None:
        self._check()
        self.until_s = max(self.until_s, until_s)

    def _check(self) -> None:
        if self.is_down:
            raise Unreachable("Redis is down")


def shared(clock: Clock, limits: RateLimits = LIMITS) -> Shared:
    return Shared(clock, limits.budget, limits.window_s + limits.hold_s)


def limiter(clock: Clock, window: Shared | None, limits: RateLimits = LIMITS) -> Limiter:
    memories = [window] if window else []
    return Limiter(limits, window, memories, clock=clock, now=clock)


def limited(retry_after_s: float | None = None, *, is_quota: bool = False) -> Limited:
    error = Limited("429")
    error.retry_after_s, error.is_quota = retry_after_s, is_quota
    return error


def test_a_burst_leaves_at_once_and_then_the_pace_counts():
    clock = Clock()
    one = limiter(clock, shared(clock))
    assert one.take(50) == 20
    assert one.wait_s == 0.5
    clock.sleep(one.wait_s)
    assert one.take(50) == 1


def test_tokens_come_in_bundles():
    clock = Clock()
    window = shared(clock)
    assert limiter(clock, window).take(20) == 20
    assert window.calls == 2


def test_what_was_not_used_goes_back():
    clock = Clock()
    window = shared(clock)
    one = limiter(clock, window)
    one.take(3)
    assert len(window.taken) == 10
    one.close()
    assert len(window.taken) == 3


def test_a_bundle_that_is_too_old_is_not_used():
    clock = Clock()
    window = shared(clock)
    one = limiter(clock, window)
    one.take(3)
    clock.sleep(LIMITS.hold_s)
    one.take(1)
    assert window.calls == 2
    assert len(window.taken) == 13


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_no_window_sees_more_than_the_budget_and_nearly_all_of_it_is_used(processes: int):
    clock = Clock(0)
    limits = RateLimits(budget=300, window_s=30, burst=20, share=0.25)
    window = shared(clock, limits)
    sent: list[float] = []
    members = [limiter(clock, window, limits) for _ in range(processes)]
    while clock.now_s < 180:
        for member in members:
            sent += [clock.now_s] * member.take(5)
        clock.sleep(0.02)
    for at in sent:
        assert sum(at <= other < at + 30 for other in sent) <= 300
    steady = [at for at in sent if at >= 60]
    assert len(steady) >= 0.95 * 300 * 120 / 30


@given(st.lists(st.tuples(st.integers(1, 30), st.floats(0.01, 3)), max_size=80))
def test_whatever_the_rhythm_no_window_sees_more(steps: list[tuple[int, float]]):
    clock = Clock(0)
    limits = RateLimits(budget=20, window_s=10, burst=20, share=0.25)
    window, sent = shared(clock, limits), []
    one = limiter(clock, window, limits)
    for most, pause in steps:
        sent += [clock.now_s] * one.take(most)
        clock.sleep(pause)
    assert all(sum(at <= other < at + 10 for other in sent) <= 20 for at in sent)


def test_a_refusal_stops_every_process_until_its_end():
    clock = Clock()
    window = shared(clock)
    one, other = limiter(clock, window), limiter(clock, window)
    one.take(1)
    one.refuse(limited(3))
    assert (one.take(5), other.take(5)) == (0, 0)
    assert 3 <= other.wait_s <= 3.5
    clock.sleep(other.wait_s)
    window.until_s = 0
    assert one.take(1) == 1
    assert other.take(1) == 1


def test_after_a_refusal_the_pace_is_halved_and_grows_again():
    clock = Clock()
    one = limiter(clock, shared(clock))
    one.refuse(limited(3))
    assert one.rate_per_s == 1
    one.succeed()
    assert 1 < one.rate_per_s < 1.1
    for _ in range(1000):
        one.succeed()
    assert one.rate_per_s == 2


def test_refusals_in_flight_together_count_once():
    clock = Clock()
    one = limiter(clock, shared(clock))
    for _ in range(20):
        one.refuse(limited(3))
    assert one.rate_per_s == 1
    assert one.refusals == 20


@pytest.mark.parametrize("second", [limited(43_200), limited(is_quota=True)], ids=["ban", "quota"])
def test_a_refusal_in_flight_with_another_still_lengthens_the_wait(second: Limited):
    """Of requests that were in flight together, the last answer may name the ban that the first one did not."""
    clock = Clock()
    window = shared(clock)
    one = limiter(clock, window)
    one.refuse(limited(3))
    with pytest.raises(RetryLater):
        one.refuse(second)
    with pytest.raises(RetryLater):
        limiter(clock, window).begin()


def test_unsaid_waits_grow_until_the_run_is_parked():
    clock, waits = Clock(), []
    one = limiter(clock, shared(clock))
    for _ in range(4):
        one.refuse(limited())
        one.take(1)
        waits.append(one.wait_s)
        clock.sleep(one.wait_s)
    assert waits == [5, 10, 20, 40]
    with pytest.raises(RetryLater):
        one.refuse(limited())


@pytest.mark.parametrize("said_s", [0, 3, 30])
def test_refusals_in_a_row_wait_longer_whatever_the_header_says(said_s: float):
    """A server that always names the same time, or none at all, would be called for ever, and bans grow from that."""
    clock, waits = Clock(), [0.0]
    one = limiter(clock, shared(clock))
    while 2 * waits[-1] <= LONGEST_WAIT_S:
        one.refuse(limited(said_s))
        one.take(1)
        waits.append(one.wait_s)
        clock.sleep(one.wait_s)
    with pytest.raises(RetryLater):
        one.refuse(limited(said_s))
    assert waits == sorted(set(waits))
    assert waits[1] >= said_s
    assert sum(waits) < 120


def test_a_success_ends_the_row_of_refusals():
    clock, waits = Clock(), []
    one = limiter(clock, shared(clock))
    for _ in range(8):
        one.refuse(limited(3))
        one.take(1)
        waits.append(one.wait_s)
        clock.sleep(one.wait_s)
        one.succeed()
    assert set(waits) == {waits[0]}


def test_refusals_in_flight_together_do_not_add_up():
    clock = Clock()
    window = shared(clock)
    one = limiter(clock, window)
    for _ in range(20):
        one.refuse(limited(3))
    assert window.until_s - clock() == one.cooldown_s < 4


def test_the_last_end_that_was_heard_is_the_one_that_is_told_and_kept():
    """A ban that grows with every request is reported as it was heard last, not as it was heard first."""
    clock = Clock()
    redis, postgres = shared(clock), shared(clock)
    one = Limiter(LIMITS, redis, [redis, postgres], clock=clock, now=clock)
    for ban_s in (43_200, 86_400, 7_200):
        with pytest.raises(RetryLater):
            one.refuse(limited(ban_s))
    assert one.retry_later().retry_after_s == redis.until_s - clock() == postgres.until_s - clock()
    assert redis.until_s - clock() == pytest.approx(86_400, abs=1)


@pytest.mark.parametrize("error", [limited(43_200), limited(is_quota=True)], ids=["ban", "quota"])
def test_a_long_ban_parks_and_the_next_run_does_not_call(error: Limited):
    clock = Clock()
    window = shared(clock)
    with pytest.raises(RetryLater, match="run the same command again after") as caught:
        limiter(clock, window).refuse(error)
    assert caught.value.exit_code == 75
    assert caught.value.retry_after_s >= 3600
    with pytest.raises(RetryLater):
        limiter(clock, window).begin()
    clock.sleep(43_201)
    limiter(clock, window).begin()


def test_a_ban_that_another_process_met_parks_too():
    clock = Clock()
    window = shared(clock)
    one = limiter(clock, window)
    window.cool_down(clock() + 7200, "rate limit")
    with pytest.raises(RetryLater):
        one.take(1)


def test_a_ban_is_kept_where_it_can_be():
    clock = Clock()
    redis, postgres = shared(clock), shared(clock)
    redis.is_down = True
    one = Limiter(LIMITS, redis, [redis, postgres], clock=clock, now=clock)
    one.begin()
    with pytest.raises(RetryLater):
        one.refuse(limited(7200))
    assert postgres.until_s > clock() + 7199


def test_without_redis_the_local_share_counts():
    clock = Clock(0)
    one = limiter(clock, None)
    assert one.local
    sent = 0
    while clock.now_s < 60:
        sent += one.take(10)
        clock.sleep(0.1)
    assert 25 <= sent <= 5 + 0.25 * 60 / 30 * 60


def test_redis_that_goes_and_comes_back():
    clock = Clock()
    window = shared(clock)
    one = limiter(clock, window)
    assert one.take(1) == 1
    window.is_down = True
    clock.sleep(LIMITS.hold_s)
    assert one.take(20) == 5
    assert one.local
    window.is_down = False
    clock.sleep(2)
    assert one.take(1) == 1
    assert not one.local
