from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.multi import Client
from boombap.config.secret import Secret
from boombap.errors import AccessDenied, Disconnected, ExternalError, Interrupted, RetryLater, Unavailable
from boombap.interrupt import Interrupt
from boombap.resilience.backoff import Backoff
from boombap.resilience.breaker import State
from boombap.resilience.retry import Policy
from boombap.spotify.model import Match, Mode, Outcome, Track, TrackQuery
from boombap.spotify.quota.limiter import Grant, Limiter, RateLimits
from boombap.spotify.run.api_session import ApiSession
from boombap.spotify.run.batch_writer import BatchWriter
from boombap.spotify.run.pipeline import Pipeline, RunParts
from boombap.spotify.run.prefetch import Prefetcher
from boombap.spotify.run.source import read
from boombap.spotify.scheduling.scheduler import RequestScheduler
from boombap.spotify.webapi.token import AccessToken
from spotify.upstream import TOKEN, Upstream, id_of, known, upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from spotify.upstream import Asked

QUICK = Policy(attempts=4, deadline_s=5.0, backoff=Backoff(base_s=0.001, cap_s=0.01))
NO_SERVICE = {"error": {"status": 404, "message": "Service not found"}}
BAD = {"error": {"status": 400, "message": "Bad request"}}
INVALID = {"error": {"status": 400, "message": "Invalid base62 id"}}
LIMITED = {"error": {"status": 429, "message": "API rate limit exceeded"}}


@pytest.fixture
def web() -> Iterator[Upstream]:
    with upstream() as made:
        yield made


class Bench:
    """A pipeline between a list of tracks and lists of what came out."""

    def __init__(self, web: Upstream, *, mode: Mode = Mode.EXTENDED, in_flight: int = 20) -> None:
        self.web = web
        self.mode = mode
        self.in_flight = in_flight
        self.interrupt = Interrupt()
        self.written: list[Match] = []
        self.kept: list[Track] = []
        self.missing: list[str] = []
        self.write: Callable[[Sequence[Match]], object] = self.written.extend
        self.hits: dict[int, Match] = {}
        self.patience_s = 60.0
        self.limiter = Limiter(RateLimits(100_000, 30.0, 1000, 1.0), None, [], unsaid=Backoff(base_s=0.05))

    def run(self, *chunks: Iterable[TrackQuery]) -> Pipeline:
        return self.run_over(list(chunk) for chunk in chunks)

    def run_over(self, chunks: Iterable[list[TrackQuery]]) -> Pipeline:
        token = AccessToken("id", Secret("s"), self.web.url)
        with (
            Client(Interrupt(), max_in_flight=self.in_flight) as client,
            Prefetcher(read(iter(chunks)), [self._look_up]) as prefetcher,
            BatchWriter(self.write, self._keep, policy=QUICK) as writer,
        ):
            api = ApiSession(client, token, self.limiter, f"{self.web.url}/v1")
            parts = RunParts(api, RequestScheduler(self.mode), prefetcher, writer)
            self.pipeline = Pipeline(parts, self.interrupt, policy=QUICK, patience_s=self.patience_s)
            self.error: BaseException | None = None
            try:
                self.pipeline.run()
            except (ExternalError, RetryLater, Interrupted) as error:
                self.error = error
        if self.error:
            raise self.error
        return self.pipeline

    def _look_up(self, chunk: Sequence[TrackQuery]) -> tuple[list[Match], list[TrackQuery]]:
        hits = [self.hits[query.key] for query in chunk if query.key in self.hits]
        return hits, [query for query in chunk if query.key not in self.hits]

    def _keep(self, tracks: Sequence[Track], missing: Sequence[str], _: Sequence[Match]) -> None:
        self.kept += tracks
        self.missing += missing

    @property
    def outcomes(self) -> dict[int, Outcome]:
        assert len({match.wanted.key for match in self.written}) == len(self.written), "doubled"
        return {match.wanted.key: match.outcome for match in self.written}


def ids(first: int, last: int) -> list[TrackQuery]:
    return [TrackQuery(n, "Nas", f"Song {n}", id_of(n)) for n in range(first, last + 1)]


def names(first: int, last: int) -> list[TrackQuery]:
    return [TrackQuery(n, "Nas", f"Song {n}") for n in range(first, last + 1)]


def all_matched(last: int) -> dict[int, Outcome]:
    return dict.fromkeys(range(1, last + 1), Outcome.MATCHED)


def test_known_ids_are_asked_for_fifty_at_a_time(web: Upstream):
    bench = Bench(web)
    bench.run(ids(1, 700), ids(701, 1000))
    assert bench.outcomes == all_matched(1000)
    assert web.count() == 20
    assert web.tokens == 1
    assert len(bench.kept) == 1000


def test_names_are_searched(web: Upstream):
    bench = Bench(web)
    bench.run([*names(1, 30), TrackQuery(31, "Nas", "No Such Thing")])
    assert bench.outcomes == all_matched(30) | {31: Outcome.NOT_FOUND}
    assert web.count() == 32, "one more without filters for the one that they do not find"


def test_what_the_cache_knows_is_not_asked_for(web: Upstream):
    bench = Bench(web)
    bench.hits = {n: Match(ids(n, n)[0], Outcome.MATCHED, Track(id_of(n), "x", ())) for n in range(1, 101)}
    run = bench.run(ids(1, 100))
    assert bench.outcomes == all_matched(100)
    assert (web.log, run.statistics.hits) == ([], 100)


def test_an_empty_source_asks_nothing(web: Upstream):
    bench = Bench(web)
    bench.run()
    assert (web.log, bench.written) == ([], [])


def test_the_same_row_twice_counts_once(web: Upstream):
    bench = Bench(web)
    bench.run([*ids(1, 50), *ids(1, 50)])
    assert bench.outcomes == all_matched(50)
    assert web.count() == 1


def test_one_refresh_for_150_in_flight(web: Upstream):
    web.trick = lambda asked: (401, {}) if asked.token == "t1" and asked.path != TOKEN else None
    bench = Bench(web, in_flight=150)
    bench.run(names(1, 150))
    assert bench.outcomes == all_matched(150)
    assert web.tokens == 2


def test_tokens_that_are_always_refused_end_the_run(web: Upstream):
    web.trick = lambda asked: None if asked.path == TOKEN else (401, {})
    with pytest.raises(AccessDenied, match="every token"):
        Bench(web).run(ids(1, 10))
    assert web.tokens <= 4


def test_wrong_credentials_say_so_at_once(web: Upstream):
    web.trick = lambda asked: (400, {"error": "invalid_client"}) if asked.path == TOKEN else None
    with pytest.raises(AccessDenied, match="SPOTIFY_CLIENT_ID"):
        Bench(web).run(ids(1, 10))
    assert len(web.log) == 1


def test_a_token_endpoint_that_stumbles_is_asked_again(web: Upstream):
    web.trick = lambda asked: (503, b"busy") if asked.path == TOKEN and asked.number < 3 else None
    bench = Bench(web)
    bench.run(ids(1, 10))
    assert bench.outcomes == all_matched(10)


def test_a_token_endpoint_that_stays_down_ends_the_run(web: Upstream):
    web.trick = lambda asked: (500, b"") if asked.path == TOKEN else None
    with pytest.raises(Unavailable):
        Bench(web).run(ids(1, 10))
    assert len(web.log) == QUICK.attempts


@pytest.mark.parametrize(
    "trouble", [(500, b""), (502, b"<html>Bad Gateway</html>"), (200, b'{"tracks": [{"id'), (200, b"<html>")]
)
def test_a_burst_of_trouble_costs_nothing(web: Upstream, trouble: tuple[int, bytes]):
    web.trick = lambda asked: trouble if asked.path != TOKEN and asked.number <= 8 else None
    bench = Bench(web)
    run = bench.run(ids(1, 1000))
    assert bench.outcomes == all_matched(1000)
    assert run.statistics.retries == 8


@pytest.mark.parametrize("answer", [(500, b""), (400, {"error": {"message": "no"}}), (404, NO_SERVICE), (414, b"")])
def test_one_id_that_spoils_its_batch_is_given_up_alone(web: Upstream, answer: tuple[int, object]):
    web.trick = lambda asked: answer if id_of(7) in asked.ids else None
    bench = Bench(web, in_flight=1)
    run = bench.run(ids(1, 100))
    assert bench.outcomes == {key: outcome for key, outcome in all_matched(100).items() if key != 7}
    assert run.statistics.outcomes[Outcome.FAILED] == 1
    assert run.statistics.failures.total() == 1
    assert bench.missing == []


def test_an_id_that_spotify_refuses_is_not_found_with_what_it_said(web: Upstream):
    web.trick = lambda asked: (400, INVALID) if {id_of(7), id_of(8), id_of(71)} & set(asked.ids) else None
    bench = Bench(web)
    run = bench.run([query._replace(artist="", title="") for query in ids(1, 80)], ids(81, 100))
    assert bench.outcomes == all_matched(100) | dict.fromkeys((7, 8, 71), Outcome.NOT_FOUND)
    assert run.statistics.refused_ids == {"/tracks: status 400 (Invalid base62 id)": 3}
    assert bench.missing == []


def test_an_api_that_refuses_every_id_ends_the_run_and_nothing_is_stored(web: Upstream):
    web.trick = lambda asked: (400, {"error": {"message": "Bad request"}}) if asked.path != TOKEN else None
    bench = Bench(web)
    with pytest.raises(ExternalError, match=r"refused 100 requests in a row: /tracks: status 400 \(Bad request\)"):
        bench.run(ids(1, 2000))
    assert bench.written == []
    # Each of the hundred is asked for twice, and half-batches before them.
    assert web.count() < 500


@pytest.mark.parametrize("times", [1, 3])
def test_a_batch_that_is_not_found_at_random_proves_nothing(web: Upstream, times: int):
    web.trick = lambda asked: (404, NO_SERVICE) if asked.path == "/v1/tracks" and asked.number <= times else None
    bench = Bench(web)
    bench.run(ids(1, 200))
    assert bench.outcomes == all_matched(200)


def test_a_search_that_is_not_found_proves_nothing(web: Upstream):
    web.trick = lambda asked: (404, {}) if asked.path == "/v1/search" and asked.number <= 3 else None
    bench = Bench(web)
    bench.run(names(1, 20))
    assert bench.outcomes == all_matched(20)


@pytest.mark.parametrize("path", ["/v1/search", "/v1/tracks"])
def test_one_bad_request_at_random_proves_nothing(web: Upstream, path: str):
    wanted = names(1, 20) if path == "/v1/search" else ids(1, 1)
    web.trick = lambda asked: (400, BAD) if asked.path == path and asked.number <= 1 else None
    bench = Bench(web)
    run = bench.run(wanted)
    assert bench.outcomes == all_matched(len(wanted))
    assert run.statistics.failures == {}


def test_a_bad_request_that_is_said_twice_is_given_up(web: Upstream):
    web.trick = lambda asked: (400, BAD) if "song 7" in asked.query.get("q", [""])[0].lower() else None
    bench = Bench(web)
    run = bench.run(names(7, 9))
    assert bench.outcomes == dict.fromkeys((8, 9), Outcome.MATCHED)
    assert run.statistics.failures == {"/search?type=track: status 400 (Bad request)": 1}
    assert web.count("/v1/search") == 4


def test_failures_are_counted_by_endpoint_and_status_not_by_address(web: Upstream):
    rows = [TrackQuery(n, "", "", id_of(n)) for n in range(1, 9)]
    web.trick = lambda asked: (502, b"<html>") if asked.path.endswith((id_of(3), id_of(5))) else None
    bench = Bench(web, mode=Mode.DEVELOPMENT, in_flight=8)
    run = bench.run(rows)
    assert run.statistics.failures == {"/tracks/{id}: status 502": 2}
    assert run.statistics.failed == 2


def empty_search(asked: Asked, items: list[object]) -> tuple[int, object] | None:
    return (200, {"tracks": {"items": items, "total": 1}}) if asked.path == "/v1/search" else None


@pytest.mark.parametrize("items", [[None], [None, None], [{"id": 5}, None]], ids=str)
def test_a_search_of_which_nothing_can_be_read_is_not_an_absence(web: Upstream, items: list[object]):
    web.trick = lambda asked: empty_search(asked, items)
    bench = Bench(web)
    run = bench.run(names(1, 2))
    assert bench.outcomes == {}
    assert run.statistics.outcomes == {Outcome.FAILED: 2}
    assert run.statistics.failures == {"/search?type=track: not readable": 2}


def test_a_search_of_which_nothing_can_be_read_once_is_sent_again(web: Upstream):
    web.trick = lambda asked: empty_search(asked, [None]) if asked.number <= 2 else None
    bench = Bench(web)
    run = bench.run(names(1, 1))
    assert bench.outcomes == all_matched(1)
    assert (web.count(), run.statistics.retries) == (3, 1), "with filters, plain, plain again"


def test_one_id_is_not_found_when_it_is_said_twice(web: Upstream):
    asked_for: list[str] = []

    def trick(asked: Asked) -> tuple[int, object] | None:
        if not asked.path.startswith("/v1/tracks/"):
            return None
        asked_for.append(asked.path)
        is_gone = asked.path.endswith(id_of(7)) or asked_for.count(asked.path) == 1
        return (404, {"error": {"message": "Resource not found"}}) if is_gone else None

    web.trick = trick
    bench = Bench(web, mode=Mode.DEVELOPMENT)
    bench.run([TrackQuery(n, "", "", id_of(n)) for n in range(1, 11)])
    assert {key for key, outcome in bench.outcomes.items() if outcome is Outcome.NOT_FOUND} == {7}
    assert web.count("/v1/tracks/") == 20


class SmallWindow:
    """The shared window of an account with a small budget."""

    def __init__(self, budget: int, window_s: float) -> None:
        self.budget, self.window_s = budget, window_s
        self.taken_at_s: list[float] = []

    def take(self, most: int) -> Grant:
        now_s = time.monotonic()
        self.taken_at_s = [at_s for at_s in self.taken_at_s if at_s > now_s - self.window_s]
        granted = min(most, self.budget - len(self.taken_at_s))
        self.taken_at_s += [now_s] * granted
        return Grant(granted, 0.0 if granted else self.taken_at_s[0] + self.window_s - now_s)

    def give_back(self, n: int) -> None:
        del self.taken_at_s[-n:]


def test_a_trial_without_a_request_left_in_the_window_is_not_lost(web: Upstream):
    """The breaker opens while the budget is used up; the trial call must wait for the next window, not for ever."""
    web.trick = lambda asked: (503, b"") if asked.path == "/v1/search" and 8 <= asked.number < 20 else None
    bench = Bench(web)
    bench.patience_s = 5.0
    bench.limiter = Limiter(RateLimits(20, 1.6, 20, 1.0), SmallWindow(20, 1.6), [])
    bench.run(names(1, 30))
    assert bench.outcomes == all_matched(30)


def test_a_trial_whose_token_has_expired_is_not_lost(web: Upstream):
    def trick(asked: Asked) -> tuple[int, object] | None:
        if asked.path == TOKEN:
            return None
        if asked.number <= 10:
            return (503, b"")
        return (401, {}) if asked.token == "t1" else None

    web.trick = trick
    bench = Bench(web)
    bench.patience_s = 5.0
    bench.run(names(1, 12))
    assert bench.outcomes == all_matched(12)


def test_an_old_request_whose_token_has_expired_lets_no_second_trial_out(web: Upstream):
    """While a server recovers one call tries it; one that was sent before it went down gives no place back."""
    trial_came, another_came, overtaken = threading.Event(), threading.Event(), []
    bench = Bench(web)

    def trick(asked: Asked) -> tuple[int, object] | None:
        if asked.path == TOKEN:
            return None
        if asked.number == 1:
            trial_came.wait(10)
            return (401, {})
        if trial_came.is_set():
            another_came.set()
            return None
        if bench.pipeline._breaker.state is not State.HALF_OPEN:
            return (503, b"")
        trial_came.set()
        overtaken.append(another_came.wait(0.5))
        return None

    web.trick = trick
    bench.run(names(1, 12))
    assert bench.outcomes == all_matched(12)
    assert overtaken == [False]


def test_a_server_that_stays_down_ends_the_run(web: Upstream):
    web.trick = lambda asked: (503, b"") if asked.path != TOKEN else None
    bench = Bench(web)
    bench.patience_s = 0.2
    with pytest.raises(Unavailable):
        bench.run(ids(1, 2000))
    assert bench.written == []


def test_unknown_ids_are_not_found_and_remembered(web: Upstream):
    web.trick = lambda asked: (200, {"tracks": [None] * len(asked.ids)}) if asked.path == "/v1/tracks" else None
    bench = Bench(web)
    bench.run([TrackQuery(n, "", "", id_of(n)) for n in range(1, 61)])
    assert set(bench.outcomes.values()) == {Outcome.NOT_FOUND}
    assert len(bench.missing) == 60


@pytest.mark.parametrize("mode", Mode)
def test_ids_that_spotify_no_longer_knows_are_searched_for_by_name(web: Upstream, mode: Mode):
    def trick(asked: Asked) -> tuple[int, object] | None:
        if asked.path == "/v1/tracks":
            return 200, {"tracks": [None] * len(asked.ids)}
        return (404, {"error": {"message": "Resource not found"}}) if asked.path.startswith("/v1/tracks/") else None

    web.trick = trick
    bench = Bench(web, mode=mode)
    bench.run([query._replace(spotify_id=f"{query.spotify_id[:-4]}9999") for query in ids(1, 4)])  # type: ignore[index]
    assert bench.outcomes == all_matched(4)
    assert {match.track.id for match in bench.written if match.track} == {id_of(n) for n in range(1, 5)}


def test_an_entry_that_cannot_be_read_fails_alone(web: Upstream):
    web.trick = lambda asked: (
        (200, {"tracks": [{} if id_ == id_of(7) else known(id_) for id_ in asked.ids]})
        if asked.path == "/v1/tracks"
        else None
    )
    bench = Bench(web)
    run = bench.run(ids(1, 50))
    assert bench.outcomes == {key: outcome for key, outcome in all_matched(50).items() if key != 7}
    assert run.statistics.outcomes[Outcome.FAILED] == 1
    assert bench.missing == []


def test_the_first_forbidden_batch_switches_to_development(web: Upstream):
    web.trick = lambda asked: (403, {}) if asked.path == "/v1/tracks" else None
    bench = Bench(web, in_flight=3)
    run = bench.run([TrackQuery(n, "", "", id_of(n)) for n in range(1, 201)])
    assert len(bench.outcomes) == 200
    assert run._parts.scheduler.mode is Mode.DEVELOPMENT
    assert web.count("/v1/tracks/") == 200


def test_an_app_that_is_forbidden_everything_ends_the_run(web: Upstream):
    web.trick = lambda asked: (403, {}) if asked.path != TOKEN else None
    with pytest.raises(ExternalError, match="dashboard"):
        Bench(web).run([TrackQuery(n, "", "", id_of(n)) for n in range(1, 2001)])
    assert web.count() < 100


@pytest.mark.parametrize("said", ["0", None], ids=["said", "unsaid"])
def test_a_short_limit_is_waited_for(web: Upstream, said: str | None):
    headers = {"Retry-After": said} if said else {}
    web.trick = lambda asked: (429, LIMITED, headers) if asked.path != TOKEN and asked.number == 1 else None
    bench = Bench(web)
    bench.run(ids(1, 500))
    assert bench.outcomes == all_matched(500)
    assert bench.limiter.refusals == 1


@pytest.mark.parametrize("path", [TOKEN, "/v1/tracks"])
def test_a_limit_that_never_ends_ends_the_run(web: Upstream, path: str):
    """In seconds that are a hundredth of one: what a person would wait two minutes for."""
    web.trick = lambda asked: (429, LIMITED, {"Retry-After": "0"}) if asked.path == path else None
    bench = Bench(web)
    quick = {"clock": lambda: 100 * time.monotonic(), "now": lambda: 100 * time.time()}
    bench.limiter = Limiter(RateLimits(100_000, 30.0, 1000, 1.0), None, [], **quick)
    with pytest.raises(RetryLater, match="rate-limited by Spotify"):
        bench.run(ids(1, 50))
    assert sum(asked.path == path for asked in web.log) <= 12


class Memory:
    """Keeps a cool-down in this process."""

    def __init__(self) -> None:
        self.until_s = 0.0

    def cooldown_until_s(self) -> float:
        return self.until_s

    def cool_down(self, until_s: float, reason: str) -> None:
        self.until_s = max(self.until_s, until_s)


def remembering(memory: Memory) -> Limiter:
    return Limiter(RateLimits(100_000, 30.0, 1000, 1.0), None, [memory], unsaid=Backoff(base_s=0.05))


def test_a_limit_of_the_token_endpoint_is_remembered_like_any_other(web: Upstream):
    web.trick = lambda asked: (429, b"slow down", {"Retry-After": "3600"}) if asked.path == TOKEN else None
    bench, memory = Bench(web), Memory()
    bench.limiter = remembering(memory)
    with pytest.raises(RetryLater, match="1 h"):
        bench.run(ids(1, 10))
    assert len(web.log) == 1
    assert memory.until_s - time.time() == pytest.approx(3600, abs=10)
    with pytest.raises(RetryLater):
        remembering(memory).begin()


def test_a_short_limit_of_the_token_endpoint_is_waited_for(web: Upstream):
    web.trick = lambda asked: (429, LIMITED) if asked.path == TOKEN and asked.number <= 2 else None
    bench = Bench(web)
    bench.run(ids(1, 10))
    assert bench.outcomes == all_matched(10)
    times = [asked.at_s for asked in web.log]
    assert times[1] - times[0] >= 0.05
    assert times[2] - times[1] >= 0.1


def test_a_ban_that_grows_is_told_as_it_was_heard_last(web: Upstream):
    """The answers that are in flight come after the one that ends the run."""
    together = threading.Barrier(3, timeout=10)

    def trick(asked: Asked) -> tuple[int, object, dict[str, str]] | None:
        if asked.path == TOKEN:
            return None
        together.wait()
        if asked.number > 1:
            time.sleep(0.1 * asked.number)
        return 429, LIMITED, {"Retry-After": str(43_200 * asked.number)}

    web.trick = trick
    bench, memory = Bench(web, in_flight=3), Memory()
    bench.limiter = remembering(memory)
    with pytest.raises(RetryLater, match="1 d 12 h") as caught:
        bench.run(ids(1, 150))
    assert caught.value.retry_after_s == pytest.approx(memory.until_s - time.time(), abs=1)


@pytest.mark.parametrize(
    "answer", [(429, LIMITED, {"Retry-After": "43200"}), (429, {"error": {"reason": "QUOTA_EXCEEDED"}})]
)
def test_a_long_ban_parks_what_is_done(web: Upstream, answer: tuple[int, object]):
    web.trick = lambda asked: answer if asked.path != TOKEN and asked.number > 4 else None
    bench = Bench(web, in_flight=4)
    with pytest.raises(RetryLater, match="saved"):
        bench.run(ids(1, 2000))
    assert len(bench.written) == 200
    assert web.count() <= 8


def test_an_interrupt_writes_what_was_in_flight(web: Upstream):
    bench = Bench(web, in_flight=5)

    def trick(asked: Asked) -> None:
        if asked.path != TOKEN and asked.number == 10:
            bench.interrupt.set(15)

    web.trick = trick
    with pytest.raises(Interrupted) as caught:
        bench.run(ids(1, 5000))
    assert caught.value.exit_code == 143
    assert len(bench.written) == 50 * web.count()


def test_a_write_that_meets_another_is_tried_again(web: Upstream):
    bench, failures = Bench(web), [Disconnected("gone"), Disconnected("gone")]

    def write(matches: Sequence[Match]) -> None:
        if failures:
            raise failures.pop()
        bench.written.extend(matches)

    bench.write = write
    bench.run(ids(1, 100))
    assert bench.outcomes == all_matched(100)


def test_a_store_that_stays_away_ends_the_run(web: Upstream):
    bench = Bench(web)

    def write(matches: Sequence[Match]) -> None:
        raise Disconnected("gone for good")

    bench.write = write
    with pytest.raises(Disconnected, match="for good"):
        bench.run(*(ids(n, n + 999) for n in range(1, 30_000, 1000)))
    assert web.count() < 600


def test_a_source_that_fails_ends_the_run_after_what_it_gave(web: Upstream):
    bench = Bench(web)

    def chunks() -> Iterator[list[TrackQuery]]:
        yield ids(1, 100)
        raise Disconnected("the source")

    with pytest.raises(Disconnected, match="the source"):
        bench.run_over(chunks())
