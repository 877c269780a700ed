"""The run: wanted tracks in, requests out within the quota, verdicts to the writer; one thread, many in flight.

Nothing is lost and nothing doubled: a track leaves the scheduler with one verdict, and a row is done when the writer's
transaction says so. Whatever ends the run (an interrupt, a ban, a server that stays away) first waits for what is in
flight, because it is paid for, and has it written.
"""

from __future__ import annotations

import heapq
import random
import time
from collections import deque
from contextlib import suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import AccessDenied, ExternalError, RetryLater
from boombap.resilience.backoff import Backoff
from boombap.resilience.breaker import Breaker, State
from boombap.resilience.retry import Policy, wait_s
from boombap.spotify.model import Endpoint, Mode, Outcome, Rejection
from boombap.spotify.run.statistics import RunStatistics
from boombap.spotify.run.token_renewal import TokenRenewal
from boombap.spotify.webapi import endpoints
from boombap.spotify.webapi.decode import Decoded
from boombap.spotify.webapi.rate_limit import Limited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boombap.clients.http.exchange import Failure, Response
    from boombap.errors import BoombapError
    from boombap.interrupt import Interrupt
    from boombap.resilience.breaker import OnChange
    from boombap.spotify.model import ApiRequest, Match
    from boombap.spotify.run.api_session import ApiSession
    from boombap.spotify.run.batch_writer import BatchWriter
    from boombap.spotify.run.prefetch import Prefetcher
    from boombap.spotify.scheduling.scheduler import RequestScheduler

_STEP_S = 0.05
_DRAIN_S = 5.0
_POLICY = Policy(attempts=6, deadline_s=60.0, backoff=Backoff(base_s=0.25, cap_s=15.0))
# Rows that wait in the scheduler: enough to fill the requests of a moment, few enough not to lease too many.
# Development mode chooses among artists, and needs more of them.
_BACKLOG = {Mode.EXTENDED: 1_500, Mode.DEVELOPMENT: 4_000}
_PATIENCE_S = 60.0
_MOST_FORBIDDEN = 20
# Single ids refused in a row, after their batches were halved: then it is not the ids.
_MOST_REFUSED = 100


class RunParts(NamedTuple):
    """What a run works with."""

    api: ApiSession
    scheduler: RequestScheduler
    prefetcher: Prefetcher
    writer: BatchWriter


class _Open:
    """A request in flight: when it was first sent, how often it failed or was doubtful, and how it went last."""

    __slots__ = ("doubts", "failures", "headers", "is_trial", "started_s")

    def __init__(self, started_s: float) -> None:
        self.started_s = started_s
        self.failures = self.doubts = 0
        self.headers: tuple[str, ...] = ()
        self.is_trial = False


class Pipeline:
    """One run over one source.

    Args:
        interrupt: ends the run; what is in flight is waited for and written.
        statistics: are filled in; new ones when not given.
        policy: how often one request is sent again.
        patience_s: how long nothing at all may succeed before the run is given up.
        on_progress: called in every turn with the number of further tracks that have a verdict.
        on_change: callback of the breaker of the Web API.
        on_retry: called with what is sent again, ``request`` or ``token``, and the error.
        clock: monotonic seconds.
        now: Unix time.
        jitter: random numbers from 0 to 1, for the waits.
    """

    def __init__(
        self,
        parts: RunParts,
        interrupt: Interrupt,
        *,
        statistics: RunStatistics | None = None,
        policy: Policy = _POLICY,
        patience_s: float = _PATIENCE_S,
        on_progress: Callable[[int], None] | None = None,
        on_change: OnChange | None = None,
        on_retry: Callable[[str, BoombapError], None] = lambda *_: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.statistics = statistics or RunStatistics()
        self._parts = parts
        self._api = parts.api
        self._interrupt = interrupt
        self._policy = policy
        self._patience_s = patience_s
        self._on_progress = on_progress or (lambda _: None)
        self._clock = clock
        self._now = now
        self._jitter = jitter
        self._breaker = Breaker(threshold=10, recovery_s=1.0, on_change=on_change, clock=clock)
        self._open: dict[ApiRequest, _Open] = {}
        self._ready: deque[ApiRequest] = deque()
        self._later: list[tuple[float, int, ApiRequest]] = []
        self._numbers = count()
        self._waiting = self._forbidden = self._refused = 0
        self._is_finished = self._is_ending = False
        self._down_since_s: float | None = None
        self._on_retry = on_retry
        self._token = TokenRenewal(parts.api, policy, clock, jitter, partial(on_retry, "token"))
        self._last_error: BoombapError = ExternalError("the Web API does not answer")

    def run(self) -> None:
        """Work until every wanted track has a verdict.

        Raises:
            Interrupted: when the run was ended; what was in flight is with the writer.
            RetryLater: a ban is longer than a run waits.
            AccessDenied: the credentials are wrong.
            ExternalError: the source, the writer or the Web API failed for good.
        """
        try:
            while not self._is_over():
                self._turn()
        except BaseException as error:
            self._drain()
            if isinstance(error, RetryLater):
                # What was in flight may have named a later end: that one is kept, so it is the one to tell.
                raise self._api.limiter.retry_later() from error
            raise

    def _is_over(self) -> bool:
        return self._is_finished and self._parts.scheduler.is_idle and not self._open

    def _turn(self) -> None:
        self._interrupt.check()
        self._take_in()
        self._send()
        self._parts.writer.flush_due()
        self._handle_all(self._api.client.poll(self._wait_s()) if self._api.client.in_flight else self._rest())
        self._on_progress(0)

    def _take_in(self) -> None:
        """Take chunks until there is enough to do; without anything else to do, wait for one."""
        if self._parts.scheduler.is_sure:
            self._parts.prefetcher.learn(self._parts.scheduler.mode)
        while not self._is_finished and self._waiting < _BACKLOG[self._parts.scheduler.mode]:
            is_idle = not self._open and not self._waiting
            chunk = self._parts.prefetcher.get(_STEP_S if is_idle else 0.0)
            if chunk:
                self.statistics.count_known(chunk.hits)
                self._deliver(chunk.hits)
                self._waiting += len(chunk.misses)
                self._parts.scheduler.add(chunk.misses, self._clock())
            elif self._parts.prefetcher.is_over:
                self._is_finished = True
                self._parts.scheduler.finish()
            else:
                return

    def _send(self) -> None:
        parts, now_s = self._parts, self._clock()
        while self._later and self._later[0][0] <= now_s:
            self._ready.append(heapq.heappop(self._later)[2])
        room = self._api.client.free_slots
        if len(self._ready) < room:
            self._ready.extend(parts.scheduler.next_requests(room - len(self._ready), now_s))
        if not self._ready or not room or not self._token.is_done(now_s):
            return
        for _ in range(self._allowed(min(room, len(self._ready)))):
            self._submit(self._ready.popleft(), now_s)

    def _allowed(self, limit: int) -> int:
        """Return how many requests may leave: what the breaker and the quota allow."""
        if self._breaker.state is State.CLOSED:
            return self._api.limiter.take(limit)
        if not self._breaker.allow():
            return 0
        granted = self._api.limiter.take(1)
        if not granted:
            # A trial that does not leave would be waited for until the end.
            self._breaker.cancel()
        return granted

    def _submit(self, request: ApiRequest, now_s: float) -> None:
        headers = self._api.token.headers
        assert headers is not None, "looked at before"
        under_way = self._open.get(request)
        if under_way is None:
            under_way = self._open[request] = _Open(now_s)
        else:
            self.statistics.retries += 1
        under_way.headers = headers
        under_way.is_trial = self._breaker.state is not State.CLOSED
        self.statistics.requests[request.endpoint] += 1
        self._api.client.submit(endpoints.http_request(request, self._api.base_url, headers))

    def _handle_all(self, answers: Iterable[Response | Failure]) -> None:
        stop: BoombapError | None = None
        for answer in answers:
            request = answer.request.tag
            try:
                if request is self._api.token:
                    self._token.take(answer)
                else:
                    self._handle(request, answer)  # type: ignore[arg-type] # any other tag is a request of ours
            except (ExternalError, RetryLater) as error:
                # The answers that came with this one are paid for too.
                stop = stop or error
        if stop:
            raise stop

    def _handle(self, request: ApiRequest, answer: Response | Failure) -> None:
        result = endpoints.read(request, answer, self._now())
        match result:
            case Decoded():
                self._succeed()
                self._settle(request, result)
            case Rejection():
                self._succeed()
                self._handle_rejection(request, result, answer)
            case endpoints.Doubtful():
                self._succeed()
                self._ask_again(request, result, answer)
            case endpoints.Expired():
                if self._open[request].is_trial:
                    self._breaker.cancel()
                self._ready.append(request)
                self._api.token.reject(self._open[request].headers)
            case Limited():
                self._ready.append(request)
                self._recover()
                self._api.limiter.refuse(result)
            case _:
                self._fail(request, result, answer)

    def _succeed(self) -> None:
        self._api.limiter.succeed()
        self._api.token.confirm()
        self._recover()

    def _ask_again(self, request: ApiRequest, doubt: endpoints.Doubtful, answer: Response | Failure) -> None:
        """Ask once more where a rejection may be a random one; a run that ends leaves it to the next one."""
        under_way = self._open[request]
        under_way.doubts += 1
        if under_way.doubts > 1:
            self._handle_rejection(request, doubt.rejection, answer)
        elif not self._is_ending:
            self._on_retry("request", doubt)
            heapq.heappush(self._later, (self._clock() + self._pause_s(), next(self._numbers), request))

    def _handle_rejection(self, request: ApiRequest, rejection: Rejection, answer: Response | Failure) -> None:
        """Note what the Web API said of one id; a rejected batch is halved by the scheduler.

        Raises:
            ExternalError: it refuses one id after the other, so it is not the ids.
        """
        reason = endpoints.reason(request, answer)
        is_mode_switch = rejection is Rejection.FORBIDDEN and request.endpoint is Endpoint.TRACKS
        if not is_mode_switch and len(request.ids) <= 1:
            self._refused += rejection is Rejection.FAILED
            self.statistics.count_rejection(rejection, reason)
        self._settle(request, rejection)
        if self._refused >= _MOST_REFUSED:
            raise ExternalError(f"the Web API has refused {self._refused} requests in a row: {reason}")

    def _settle(self, request: ApiRequest, result: Decoded | Rejection) -> None:
        """Hand what is final to the scheduler, and its verdicts on."""
        del self._open[request]
        scheduler = self._parts.scheduler
        if isinstance(result, Rejection):
            self._count_forbidden(result)
            return self._deliver(scheduler.answer(request, result).matches, asked=True)
        self._forbidden = self._refused = 0
        matches, extra_tracks = scheduler.answer(request, result.response, result.broken)
        if result.broken:
            self.statistics.failures[endpoints.unreadable(request)] += len(result.broken)
        # Search results and album pages may lack fields that a track asked for by its id has.
        is_whole = request.endpoint in {Endpoint.TRACKS, Endpoint.TRACK}
        tracks = [track for track in result.response.tracks if track is not None] if is_whole else []
        missing: tuple[str, ...] = ()
        if request.endpoint is Endpoint.TRACKS:
            answered = zip(request.ids, result.response.tracks, strict=True)
            missing = tuple(id_ for id_, track in answered if track is None and id_ not in result.broken)
        self._parts.writer.keep_later(tracks, extra_tracks, missing)
        return self._deliver(matches, asked=True)

    def _count_forbidden(self, rejection: Rejection) -> None:
        """End a run whose every request is forbidden: an app that was blocked would go through the whole table.

        Raises:
            ExternalError: after too many in a row.
        """
        if rejection is not Rejection.FORBIDDEN or self._parts.scheduler.mode is Mode.EXTENDED:
            return
        self._forbidden += 1
        if self._forbidden >= _MOST_FORBIDDEN:
            raise ExternalError(
                f"the Web API has forbidden {self._forbidden} requests in a row",
                hint="see in the developer dashboard whether the app is blocked",
            )

    def _deliver(self, matches: list[Match], *, asked: bool = False) -> None:
        if not matches:
            return
        if asked:
            self._waiting -= len(matches)
        self.statistics.outcomes.update([match.outcome for match in matches])
        # What was given up is not done: its lease ends with the run, and the next run asks again.
        self._parts.writer.put([match for match in matches if match.outcome is not Outcome.FAILED])
        self._on_progress(len(matches))

    def _fail(self, request: ApiRequest, error: BoombapError, answer: Response | Failure) -> None:
        if isinstance(error, AccessDenied):
            raise error
        now_s, under_way = self._clock(), self._open[request]
        self._breaker.fail()
        if self._down_since_s is None and self._breaker.state is not State.CLOSED:
            self._down_since_s = now_s
        self._last_error = error
        self._give_up_when_down(now_s)
        if self._down_since_s is None:
            under_way.failures += 1
        delay_s = wait_s(error, max(1, under_way.failures), now_s - under_way.started_s, self._policy, self._jitter)
        if self._down_since_s is not None:
            # The server fails everybody: what it did not answer is nobody's fault.
            delay_s = self._pause_s()
        if delay_s is None:
            self._handle_rejection(request, Rejection.FAILED, answer)
        elif not self._is_ending:
            self._on_retry("request", error)
            heapq.heappush(self._later, (now_s + delay_s, next(self._numbers), request))

    def _pause_s(self) -> float:
        return self._policy.backoff.delay_s(1, self._jitter)

    def _recover(self) -> None:
        self._breaker.succeed()
        if self._breaker.state is State.CLOSED:
            self._down_since_s = None

    def _give_up_when_down(self, now_s: float) -> None:
        # At a failure only: while the quota lets no trial through, nothing is known of the server.
        if self._down_since_s is not None and now_s - self._down_since_s > self._patience_s:
            raise self._last_error

    def _wait_s(self) -> float:
        """Return how long to wait for an answer before something else is due."""
        now_s, times = self._clock(), [_STEP_S]
        if self._later:
            times.append(self._later[0][0] - now_s)
        if self._ready:
            times.append(self._api.limiter.wait_s or _STEP_S)
        wakes_at_s = self._parts.scheduler.wakes_at_s
        if wakes_at_s is not None and self._api.client.free_slots:
            times.append(wakes_at_s - now_s)
        return max(0.0, min(times))

    def _rest(self) -> tuple[()]:
        """Wait with nothing in flight: for the quota, for a retry, for a batch to fill."""
        if not self._is_over() and (self._waiting or self._open):
            self._interrupt.sleep(self._wait_s())
        return ()

    def _drain(self) -> None:
        """Wait for what is in flight, and take it; nothing new is sent."""
        self._is_ending = True
        client, end_s = self._api.client, self._clock() + _DRAIN_S
        while client.in_flight and self._clock() < end_s:
            # A second ban, or an error of the writer, changes nothing any more.
            with suppress(ExternalError, RetryLater):
                self._handle_all(client.poll(_STEP_S))
