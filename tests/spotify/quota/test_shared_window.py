"""One window for all processes: never more than the budget in it, and nearly all of it."""

from __future__ import annotations

import subprocess
import sys
from bisect import bisect_right
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boombap.errors import ExternalError
from boombap.spotify.quota.limiter import Grant
from boombap.spotify.quota.shared_window import Script, SharedRateWindow, account_of
from databases import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.clients.redis.pool import Pool
    from caches import Cache

_CALLER = """
import sys, time
from boombap.clients.redis.pool import Pool
from boombap.clients.redis.target import from_text
from boombap.interrupt import Interrupt
from boombap.spotify.quota.limiter import Limiter, RateLimits
from boombap.spotify.quota.shared_window import SharedRateWindow

url, budget, window_s, end_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
limits = RateLimits(budget, window_s, burst=10, share=0.25)
pool = Pool(from_text(url, origin="the test"), Interrupt())
limiter = Limiter(limits, SharedRateWindow(pool, "test", budget=budget, length_s=window_s + limits.hold_s), ())
times = []
while time.time() < end_s:
    granted = limiter.take(1)
    if granted:
        times.append(time.time())
    else:
        time.sleep(min(limiter.wait_s, 0.05))
limiter.close()
print(*times)
"""


@pytest.fixture
def pool(cache: Cache) -> Iterator[Pool]:
    with cache.pool() as pool:
        yield pool


def window(
    pool: Pool, *, budget: int = 100, length_s: float = 60.0, now: Callable[[], float] = lambda: 0.0
) -> SharedRateWindow:
    return SharedRateWindow(pool, "test", budget=budget, length_s=length_s, now=now)


def test_the_budget_is_given_once(each_cache: Cache):
    with each_cache.pool() as pool:
        one, other = window(pool), window(pool)
        assert one.take(50) == Grant(50)
        assert other.take(30) == Grant(30)
        assert one.take(50).granted == 20
        refused = other.take(10)
        assert refused.granted == 0
        assert 50 < refused.wait_s <= 60


def test_a_token_comes_back_when_its_time_is_over(pool: Pool):
    mine = window(pool, budget=10, length_s=0.05)
    assert mine.take(10) == Grant(10)
    assert until(lambda: mine.take(10)) == Grant(10) or until(lambda: mine.take(10).granted == 10)


def test_the_wait_is_long_enough_and_no_longer(pool: Pool):
    mine = window(pool, budget=10, length_s=30.0)
    mine.take(10)
    before_us = pool.call("TIME")
    wait_s = mine.take(1).wait_s
    (_, taken_us) = pool.call("ZRANGE", "boombap:spotify:{test}:window", 0, 0, "WITHSCORES")[0]
    now_us = int(before_us[0]) * 1_000_000 + int(before_us[1])
    assert wait_s == pytest.approx((float(taken_us) + 30_000_000 - now_us) / 1_000_000, abs=1.0)


def test_unused_tokens_are_returned(pool: Pool):
    one, other = window(pool), window(pool)
    one.take(50)
    one.give_back(20)
    assert other.take(100).granted == 70
    one.give_back(10)
    one.give_back(1_000)
    assert other.take(100).granted == 30
    one.give_back(1)
    assert other.take(100).granted == 0


def test_returning_what_has_expired_or_was_lost_changes_nothing(pool: Pool):
    mine = window(pool)
    mine.give_back(5)
    mine.take(50)
    pool.call("FLUSHALL")
    mine.give_back(50)
    assert mine.take(200).granted == 100


@pytest.mark.parametrize(("lost", "left"), [("window", 100), ("total", 50)])
def test_a_key_that_was_evicted_is_made_up_for(pool: Pool, lost: str, left: int):
    mine = window(pool)
    mine.take(50)
    pool.call("DEL", f"boombap:spotify:{{test}}:{lost}")
    assert mine.take(200).granted == left


def test_keys_end_by_themselves(pool: Pool):
    mine = window(pool)
    mine.take(10)
    mine.cool_down(5.0, "test")
    left_ms = {key: pool.call("PTTL", key) for batch in pool.scan("boombap:spotify:*") for key in batch}
    assert len(left_ms) == 3
    assert all(0 < left <= 61_000 for left in left_ms.values())


def test_accounts_do_not_share(pool: Pool):
    one = SharedRateWindow(pool, account_of("one"), budget=10, length_s=60.0)
    other = SharedRateWindow(pool, account_of("other"), budget=10, length_s=60.0)
    assert (one.take(10).granted, other.take(10).granted) == (10, 10)


def test_the_client_id_is_not_in_a_key(pool: Pool):
    client_id = "5f573c9620494bae87890c0f08a60293"
    assert account_of(client_id) == account_of(client_id)
    SharedRateWindow(pool, account_of(client_id), budget=10, length_s=60.0).take(1)
    keys = [key for batch in pool.scan() for key in batch]
    assert keys
    assert not [key for key in keys if client_id.encode() in key]


def test_a_cool_down_holds_for_every_process(pool: Pool):
    one, other = window(pool, now=lambda: 1_000.0), window(pool, now=lambda: 5_000.0)
    assert one.cooldown_until_s() == 0.0
    one.cool_down(1_090.0, "test")
    assert other.cooldown_until_s() == pytest.approx(5_090.0, abs=2.0)
    grant = other.take(10)
    assert (grant.granted, grant.cooldown_until_s) == (0, pytest.approx(5_090.0, abs=2.0))


def test_the_later_cool_down_stays(pool: Pool):
    mine = window(pool)
    for until_s in (50.0, 90.0, 20.0, -5.0):
        mine.cool_down(until_s, "test")
    assert mine.cooldown_until_s() == pytest.approx(90.0, abs=2.0)


def test_a_cool_down_ends(pool: Pool):
    mine = window(pool)
    mine.cool_down(0.02, "test")
    until(lambda: mine.cooldown_until_s() == 0.0)
    assert mine.take(10) == Grant(10)


def test_a_server_that_forgot_the_scripts_is_sent_them_again(pool: Pool):
    mine = window(pool)
    mine.take(10)
    pool.call("SCRIPT", "FLUSH")
    assert mine.take(100).granted == 90


def test_a_server_that_is_down_is_told(pool: Pool, caches: object, cache: Cache):
    from boombap.clients.redis.target import from_text

    nobody = from_text("redis://127.0.0.1:1/0", origin="the test")
    with cache.pool(nobody) as down, pytest.raises(ExternalError, match="refused the connection"):
        window(down).take(10)


def test_a_server_that_takes_no_writes_is_told(pool: Pool):
    mine = window(pool)
    mine.take(1)
    pool.call("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(ExternalError, match="maxmemory"):
            mine.take(10)
    finally:
        pool.call("CONFIG", "SET", "maxmemory", "0")


def test_a_key_of_another_kind_is_told(pool: Pool):
    pool.call("SET", "boombap:spotify:{test}:window", "not ours")
    with pytest.raises(ExternalError):
        window(pool).take(10)


steps = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["take", "back"]), st.integers(0, 60)), max_size=30)


@given(steps=steps, budget=st.integers(1, 120))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_out_is_never_more_than_the_budget(pool: Pool, steps: list[tuple[int, str, int]], budget: int):
    pool.call("FLUSHALL")
    windows = [window(pool, budget=budget) for _ in range(3)]
    out = [0, 0, 0]
    last = [0, 0, 0]
    for who, step, n in steps:
        if step == "take":
            granted = windows[who].take(n).granted
            assert granted == min(n, budget - sum(out))
            out[who] += granted
            last[who] = granted
        else:
            windows[who].give_back(n)
            out[who] -= min(n, last[who])
            last[who] -= min(n, last[who])
    assert windows[0].take(budget).granted == budget - sum(out)


@pytest.mark.slow
def test_four_processes_keep_to_the_budget_and_use_it(cache: Cache):
    import time

    budget, window_s = 240, 1.5
    end_s = time.time() + 5.5
    words = [sys.executable, "-c", _CALLER, cache.url, str(budget), str(window_s), str(end_s)]
    with ExitStack() as stack:
        children = [stack.enter_context(subprocess.Popen(words, stdout=subprocess.PIPE, text=True)) for _ in range(4)]
        mine = [[float(word) for word in child.communicate()[0].split()] for child in children]
    assert all(mine)
    times = sorted(time_s for times in mine for time_s in times)
    fullest = max(bisect_right(times, begin_s + window_s) - place for place, begin_s in enumerate(times))
    assert fullest <= budget
    # Over whole turns of the log, which keeps a token for as long as the processes may hold it longer than the window.
    span_s = 3 * (window_s + window_s / 30)
    used = bisect_right(times, times[0] + span_s)
    assert used >= 0.95 * budget * span_s / window_s


def test_scripts_are_found(pool: Pool):
    assert Script("cool_down").run(pool, ["test"], 0) == 0
