"""How many requests may leave now: a pace within the process, the window that all processes share, and cool-downs.

A token bucket paces this process and adapts: a little faster with every success, half as fast after a 429. The
shared Redis window is authoritative for every process of the developer account; tokens come from it in bundles, never
one round trip per request. After a 429 nobody calls before `cooldown_until`, which Redis and PostgreSQL remember.
While Redis is down the process keeps to its local share of the budget.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from boombap import log
from boombap.errors import ExternalError, RetryLater
from boombap.resilience.backoff import Backoff
from boombap.resilience.breaker import Breaker
from boombap.resilience.bucket import Bucket
from boombap.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol

    from boombap.resilience.breaker import OnChange
    from boombap.spotify.webapi.rate_limit import Limited

    class RateWindow(Protocol):
        """The requests of all processes of one developer account within the rolling window; in Redis."""

        def take(self, limit: int) -> Grant:
            """Take up to `limit` tokens, without waiting.

            Raises:
                ExternalError: when Redis cannot say.
            """

        def give_back(self, n: int) -> None:
            """Return tokens of the last bundle that were not used.

            Raises:
                ExternalError: when Redis cannot be told.
            """

    class Memory(Protocol):
        """Keeps the end of a cool-down between runs and across processes; in Redis, and in PostgreSQL."""

        def cooldown_until_s(self) -> float:
            """Return the Unix time before which nobody may call, 0 when there is none.

            Raises:
                ExternalError: when it cannot be read.
            """

        def cool_down(self, until_s: float, reason: str) -> None:
            """Remember a cool-down; one that ends later stays.

            Raises:
                ExternalError: when it cannot be written.
            """


LONGEST_WAIT_S = 60.0
"""A longer wait ends the run: it says when to come back, and lets the database go."""
_BUNDLES = (10, 50)
# A bundle lasts for half a second at the pace of the moment.
_BUNDLE_S = 0.5
_QUOTA_S = 3600.0
UNSAID = Backoff(base_s=5.0, cap_s=3600.0)
"""The wait after a refusal that names none, and how waits grow: bans grow when one keeps calling."""
_INCREASE = 1 / 200
_SLOWEST = 1 / 64
# Retry-After counts whole seconds, and the clocks of both sides differ.
_MARGIN_S = 0.25


class Grant(NamedTuple):
    """What the shared window gave.

    Attributes:
        granted: tokens, from 0 up to as many as were asked for.
        wait_s: until the next one may be there; 0 when all were granted.
        cooldown_until_s: Unix time before which nobody may call, 0 when there is none.
    """

    granted: int
    wait_s: float = 0.0
    cooldown_until_s: float = 0.0


class RateLimits(NamedTuple):
    """What the account may ask.

    Attributes:
        budget: requests in any window.
        window_s: length of the window.
        burst: requests that may leave at once.
        share: of the budget, from 0 to 1, while Redis is down.
    """

    budget: int
    window_s: float
    burst: int
    share: float

    @property
    def rate_per_s(self) -> float:
        """Return the requests per second that use the whole budget."""
        return self.budget / self.window_s

    @property
    def hold_s(self) -> float:
        """Return how long a token of the window may be held; the window in Redis must be longer by as much."""
        return self.window_s / 30


class Limiter:
    """Says how many requests may leave; use it from one thread.

    Attributes:
        wait_s: after a `take` that gave less than was asked, the seconds until more may be there.
        local: Redis did not answer, and the local share counts.

    Args:
        unsaid: the wait after a refusal that names none; each further one in a row waits longer by its factor.
        window: None counts as a Redis that is down.
        memories: asked at the start and told of every cool-down, each on its own: one that fails is skipped.
        clock: monotonic seconds.
        now: Unix time.
    """

    def __init__(
        self,
        limits: RateLimits,
        window: RateWindow | None,
        memories: Sequence[Memory],
        *,
        unsaid: Backoff = UNSAID,
        on_change: OnChange | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.wait_s = 0.0
        self.refusals = 0
        self._limits = limits
        self._window = window
        self._memories = memories
        self._unsaid = unsaid
        self._clock = clock
        self._now = now
        self._bucket = Bucket(limits.rate_per_s, limits.burst, clock=clock)
        self._share = Bucket(limits.rate_per_s * limits.share, max(1, limits.burst * limits.share), clock=clock)
        self._redis = Breaker(threshold=1, recovery_s=2.0, on_change=on_change, clock=clock)
        self._held = 0
        self._held_until_s = 0.0
        self._window_opens_at_s = 0.0
        self._resumes_at_s = 0.0
        self._slowed_at_s = float("-inf")
        self._last_wait_s = 0.0

    @property
    def rate_per_s(self) -> float:
        """Return the pace of this process."""
        return self._bucket.rate_per_s

    @property
    def local(self) -> bool:
        """Tell whether the local share counts, because Redis is down or not configured."""
        return self._window is None or self._redis.state != "closed"

    @property
    def cooldown_s(self) -> float:
        """Return the seconds before which no request may leave, 0 without a cool-down."""
        return max(0.0, self._resumes_at_s - self._clock())

    def begin(self) -> None:
        """Learn of a cool-down that an earlier run or another process left.

        Raises:
            RetryLater: when it is longer than a run waits.
        """
        for memory in self._memories:
            try:
                self._pause_until(memory.cooldown_until_s())
            except ExternalError as error:
                log.logger(__name__).warning("a cool-down cannot be read: %s", error)
        self._park_when_long()

    def take(self, limit: int) -> int:
        """Return how many of `limit` requests may leave now.

        Raises:
            RetryLater: when another process has met a ban that is longer than a run waits.
        """
        self.wait_s = self.cooldown_s
        granted = 0
        while granted < limit and not self.wait_s:
            self.wait_s = self._bucket.take()
            if self.wait_s:
                break
            if self._spend():
                granted += 1
            else:
                self._bucket.give_back()
        return granted

    def succeed(self) -> None:
        """Say that a request was answered: the pace may grow."""
        self._last_wait_s = 0.0
        full = self._limits.rate_per_s
        if self._bucket.rate_per_s < full:
            self._bucket.set_rate(min(full, self._bucket.rate_per_s + full * _INCREASE))

    def refuse(self, error: Limited) -> None:
        """Say that a request was answered with 429: halve the pace, and have every process stay away.

        Raises:
            RetryLater: when the ban is longer than a run waits.
        """
        self.refusals += 1
        now_s = self._clock()
        # Those that were in flight together are one refusal.
        is_new = now_s >= self._resumes_at_s and now_s > self._slowed_at_s
        if is_new:
            self._slowed_at_s = now_s
            self._bucket.set_rate(max(self._limits.rate_per_s * _SLOWEST, self._bucket.rate_per_s / 2))
            self._bucket.empty()
            self._held = 0
        if is_new or error.retry_after_s is not None or error.is_quota:
            wait_s = self._stay_away_s(error, is_new=is_new)
            self._announce(self._now() + wait_s, "quota" if error.is_quota else "rate limit")
        self._park_when_long()

    def retry_later(self) -> RetryLater:
        """Return the error that ends a run until the latest end of a cool-down that was heard."""
        return parked(self.cooldown_s, self._now())

    def close(self) -> None:
        """Return what was taken from the window and not used."""
        if self._window and self._held and self._clock() < self._held_until_s:
            try:
                self._window.give_back(self._held)
            except ExternalError:
                return
            finally:
                self._held = 0

    def _stay_away_s(self, error: Limited, *, is_new: bool) -> float:
        """Return how long to stay away: as long as was said, and longer than after the last refusal in a row."""
        said_s = _QUOTA_S if error.is_quota else self._unsaid.base_s
        if error.retry_after_s is not None:
            said_s = error.retry_after_s + _MARGIN_S
        longer_s = min(self._unsaid.cap_s, self._last_wait_s * self._unsaid.factor) if is_new else 0.0
        wait_s = max(said_s, longer_s)
        self._last_wait_s = max(self._last_wait_s, wait_s)
        return wait_s

    def _announce(self, until_s: float, reason: str) -> None:
        self._pause_until(until_s)
        for memory in self._memories:
            try:
                memory.cool_down(until_s, reason)
            except ExternalError as error:
                log.logger(__name__).warning("a cool-down cannot be kept: %s", error)

    def _pause_until(self, until_s: float) -> None:
        left_s = until_s - self._now()
        if left_s > 0:
            self._resumes_at_s = max(self._resumes_at_s, self._clock() + left_s)

    def _park_when_long(self) -> None:
        if self.cooldown_s > LONGEST_WAIT_S:
            raise self.retry_later()

    def _spend(self) -> bool:
        """Take a token from the bundle at hand, or from a new one."""
        now_s = self._clock()
        if self._held and now_s < self._held_until_s:
            self._held -= 1
            return True
        if now_s < self._window_opens_at_s:
            self.wait_s = self._window_opens_at_s - now_s
            return False
        return self._spend_from(self._bundle(now_s))

    def _spend_from(self, grant: Grant | None) -> bool:
        if grant is None:
            self.wait_s = self._share.take()
            return not self.wait_s
        if grant.cooldown_until_s:
            self._pause_until(grant.cooldown_until_s)
            self._park_when_long()
        if self.cooldown_s:
            self.wait_s = self.cooldown_s
            return False
        if not grant.granted:
            self.wait_s = max(grant.wait_s, 0.001)
            self._window_opens_at_s = self._clock() + self.wait_s
            return False
        self._held = grant.granted - 1
        return True

    def _bundle(self, now_s: float) -> Grant | None:
        if self._window is None or not self._redis.allow():
            return None
        unused, self._held = self._held, 0
        size = round(self._bucket.rate_per_s * min(_BUNDLE_S, self._limits.hold_s))
        try:
            if unused:
                self._window.give_back(unused)
            grant = self._window.take(min(self._limits.budget, max(_BUNDLES[0], min(_BUNDLES[1], size))))
        except ExternalError as error:
            self._redis.fail()
            log.logger(__name__).warning("the shared window cannot be asked, the local share counts: %s", error)
            return None
        self._redis.succeed()
        self._held_until_s = now_s + self._limits.hold_s
        return grant


def parked(left_s: float, now_s: float) -> RetryLater:
    """Return the error that ends a run until a ban is over."""
    ends_at = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_s + left_s))
    return RetryLater(
        f"rate-limited by Spotify for another {format_duration(left_s)}",
        hint=f"what is done is saved; run the same command again after {ends_at}",
        retry_after_s=left_s,
    )
