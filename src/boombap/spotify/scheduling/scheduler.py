"""Which request to spend next: turns wanted tracks into requests, and the responses into verdicts.

A state machine that knows nothing of HTTP. What goes in and out (`ApiRequest`, `ApiResponse`, `Rejection`) is in
`model.py`. The pipeline's loop is::

    scheduler = RequestScheduler(Mode.EXTENDED)
    scheduler.add(wanted, now_s)       # any number, at any time
    scheduler.finish()                 # no more will come: half-filled batches go out at once
    for request in scheduler.next_requests(20, now_s): ...   # at most 20; empty while it waits for responses or time
    matches, extra_tracks = scheduler.answer(request, response_or_rejection)   # each track comes out exactly once
    scheduler.wakes_at_s               # when a half-filled batch falls due; None when nothing waits
    scheduler.is_idle                  # nothing waits and nothing is in flight

Extended quota: known ids in batches of 50, unknown names by search. Development mode: whole artists at once
(`discography`), what that leaves by search, and known ids one by one. An id that Spotify does not know, or whose track
has another name, is not the last word: the track is searched for. `Rejection.FORBIDDEN` for a batch switches to
development mode (`scheduler.mode`).
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.matching.artist_names import current_name
from boombap.spotify.matching.match import match
from boombap.spotify.matching.normalize import read_credit, searchable
from boombap.spotify.matching.verdict import match_id, refused, unknown_id, unreadable
from boombap.spotify.model import ApiRequest, Endpoint, Match, Mode, Outcome, Priority, Rejection
from boombap.spotify.scheduling.discography import DiscographyCrawl

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Sequence

    from boombap.spotify.model import ApiResponse, Track, TrackQuery

BATCH_IDS = 50
FLUSH_S = 0.02
SEARCH_LIMIT = 10
# Below this many wanted tracks an artist is searched track by track: a crawl costs three requests before it finds one.
CRAWL_FROM = 5
PROBE_FROM = 20
"""With fewer tracks at a time it does not matter how the app may ask."""
# The source brings artists in one piece, the largest first: with that many tracks the largest of them is all here.
_MOST_WAITING = 2_000
_MAX_CRAWLS = 16
# The example of the Web API's own description; whether the id is known does not matter.
_PROBE = ApiRequest(Endpoint.TRACKS, ("11dFghVXANMlKmJXsNCbNl",))
_MISSED_BY_FILTERS = re.compile(r"['’`.]")
_BY_ID = (Endpoint.TRACKS, Endpoint.TRACK)
_BATCHES = (Endpoint.TRACKS, Endpoint.ALBUMS, Endpoint.ARTISTS)


class Settled(NamedTuple):
    """What followed from one response.

    Attributes:
        matches: verdicts, each about a track that nothing more is asked for.
        extra_tracks: tracks of the response that are worth keeping, wanted or not; in development mode only.
    """

    matches: list[Match]
    extra_tracks: Sequence[Track] = ()


class RequestScheduler:
    """Wanted tracks between the source and the Web API.

    Attributes:
        mode: how the app may ask; changes once, when a batch is forbidden.
        is_sure: whether that is known. Until then, with more than a few tracks, only one request goes out: one that
            development mode rejects.
    """

    def __init__(self, mode: Mode, *, is_sure: bool = True) -> None:
        self.mode = mode
        self.is_sure = is_sure
        self._is_worth_probing = False
        self._is_finished = False
        self._keys: set[int] = set()
        self._ids: tuple[deque[TrackQuery], ...] = tuple(deque() for _ in Priority)
        self._names: tuple[deque[TrackQuery], ...] = tuple(deque() for _ in Priority)
        self._ids_since_s: float | None = None
        self._artists = _Artists()
        self._following: tuple[deque[tuple[ApiRequest, list[TrackQuery]]], ...] = tuple(deque() for _ in Priority)
        self._crawls: dict[str, DiscographyCrawl] = {}
        self._open: dict[ApiRequest, list[TrackQuery]] = {}
        self._open_of_crawls: dict[ApiRequest, list[DiscographyCrawl]] = {}
        self._now_s = 0.0

    def add(self, wanted: Collection[TrackQuery], now_s: float) -> None:
        """Take in tracks; a row that waits already counts once."""
        self._now_s = now_s
        self._is_worth_probing |= len(wanted) >= PROBE_FROM
        for query in wanted:
            if query.key not in self._keys:
                self._keys.add(query.key)
                self._queue(query, now_s)

    def finish(self) -> None:
        """Say that no more tracks will come."""
        self._is_finished = True

    def next_requests(self, limit: int, now_s: float) -> list[ApiRequest]:
        """Return up to `limit` requests that are worth sending now, the most urgent first."""
        self._now_s = now_s
        if not self.is_sure and self._is_worth_probing:
            return self._next_probe()
        requests: list[ApiRequest] = []
        for priority in Priority:
            requests += self._next_singly(priority, limit - len(requests))
            if self.mode is Mode.DEVELOPMENT and len(requests) < limit:
                requests += self._next_of_crawls(priority, limit - len(requests))
                requests += self._next_singly(priority, limit - len(requests))
        return requests

    def answer(
        self, request: ApiRequest, response: ApiResponse | Rejection, broken: Container[str] = frozenset()
    ) -> Settled:
        """Take the response to an open request and return what follows from it.

        Args:
            broken: ids whose entry in the response cannot be read.
        """
        settled = (
            self._answer_crawls(request, response)
            if request in self._open_of_crawls
            else self._answer_singly(request, response, broken)
        )
        self._keys.difference_update([match.wanted.key for match in settled.matches])
        return settled

    def _answer_singly(self, request: ApiRequest, response: ApiResponse | Rejection, broken: Container[str]) -> Settled:
        waiting = self._open.pop(request)
        self.is_sure = self.is_sure or request.endpoint is Endpoint.TRACKS
        if response is Rejection.FORBIDDEN and request.endpoint in _BATCHES:
            self._switch(waiting)
            return Settled([])
        if isinstance(response, Rejection):
            if request.endpoint is Endpoint.TRACKS and len(request.ids) > 1:
                self._halve(request, waiting)
                return Settled([])
            if response is Rejection.NOT_FOUND and request.endpoint in _BY_ID:
                return Settled(self._search_unknown(waiting))
            return Settled([refused(query, response) for query in waiting])
        if request.endpoint in _BY_ID:
            return Settled(self._take_by_id(request, waiting, response, broken))
        tracks = [track for track in response.tracks if track]
        matches = [match(query, tracks) for query in waiting]
        # Where requests are few, what came with this one may spare another.
        extra = tracks if self.mode is Mode.DEVELOPMENT else ()
        if not request.has_filters:
            return Settled(matches, extra)
        missed = {verdict.wanted.key for verdict in matches if _may_be_missed(verdict, tracks)}
        self._follow_up(query for query in waiting if query.key in missed)
        return Settled([verdict for verdict in matches if verdict.wanted.key not in missed], extra)

    @property
    def wakes_at_s(self) -> float | None:
        """When a half-filled batch falls due."""
        return None if self._ids_since_s is None else self._ids_since_s + FLUSH_S

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is open."""
        return not self._keys

    def _halve(self, request: ApiRequest, waiting: list[TrackQuery]) -> None:
        """Request both halves of a rejected batch, until the id that spoils it is alone."""
        middle = len(request.ids) // 2
        for ids in (request.ids[:middle], request.ids[middle:]):
            # The smallest first: what is wrong shows after few requests.
            half = [query for query in waiting if query.spotify_id in ids]
            self._following[request.priority].appendleft((request._replace(ids=ids), half))

    def _follow_up(self, wanted: Iterable[TrackQuery]) -> None:
        for query in wanted:
            self._following[query.priority].append(_plain_search(query))

    def _queue(self, query: TrackQuery, now_s: float) -> None:
        is_named = bool(query.artist and query.title)
        key = read_credit(query.artist).whole
        if self.mode is Mode.DEVELOPMENT and is_named and key:
            self._artists.add(key, query)
            if crawl := self._crawls.get(key):
                # The artist is read once at a time, so what is under way comes first.
                crawl.priority = min(crawl.priority, query.priority)
        elif query.spotify_id:
            self._ids[query.priority].append(query)
            self._ids_since_s = now_s if self._ids_since_s is None else self._ids_since_s
        else:
            self._names[query.priority].append(query)

    def _next_probe(self) -> list[ApiRequest]:
        """Return the request that tells the mode: a batch of what waits, or of one id where only names wait."""
        if self._open or not self._keys:
            return []
        ids = next((queue for queue in self._ids if queue), None)
        return self._open_one(*(self._next_batch(ids) if ids else (_PROBE, [])))

    def _next_singly(self, priority: Priority, limit: int) -> list[ApiRequest]:
        """Return requests that need no crawl, those that follow from a response first."""
        requests: list[ApiRequest] = []
        following = self._following[priority]
        while following and len(requests) < limit:
            requests += self._open_one(*following.popleft())
        while len(requests) < limit and (due := self._next_of(priority)):
            requests += self._open_one(*due)
        return requests

    def _open_one(self, request: ApiRequest, waiting: list[TrackQuery]) -> list[ApiRequest]:
        if request in self._open:  # two rows of one song: the one answer serves both
            self._open[request] += waiting
            return []
        self._open[request] = waiting
        return [request]

    def _next_of(self, priority: Priority) -> tuple[ApiRequest, list[TrackQuery]] | None:
        ids = self._ids[priority]
        if ids and self.mode is Mode.DEVELOPMENT:
            query = ids.popleft()
            return ApiRequest(Endpoint.TRACK, (query.spotify_id or "",), priority=priority), [query]
        if ids and (len(ids) >= BATCH_IDS or self._is_finished or self._is_due()):
            return self._next_batch(ids)
        names = self._names[priority]
        return _search(names.popleft()) if names else None

    def _is_due(self) -> bool:
        return self._ids_since_s is not None and self._now_s >= self._ids_since_s + FLUSH_S

    def _next_batch(self, ids: deque[TrackQuery]) -> tuple[ApiRequest, list[TrackQuery]]:
        by_id: dict[str, list[TrackQuery]] = {}
        while ids and (len(by_id) < BATCH_IDS or ids[0].spotify_id in by_id):
            query = ids.popleft()
            by_id.setdefault(query.spotify_id or "", []).append(query)
        waiting = [query for group in by_id.values() for query in group]
        if not any(self._ids):
            self._ids_since_s = None
        elif len(by_id) == BATCH_IDS:
            self._ids_since_s = self._now_s
        return ApiRequest(Endpoint.TRACKS, tuple(by_id), priority=waiting[0].priority), waiting

    def _begin_crawls(self, priority: Priority) -> None:
        # Crawls of less urgent tracks do not keep these back.
        while sum(crawl.priority <= priority for crawl in self._crawls.values()) < _MAX_CRAWLS:
            group = self._artists.take(priority, self._crawls, is_finished=self._is_finished)
            if group is None:
                return
            key, wanted = group
            if len(wanted) < CRAWL_FROM:
                self._ask_singly(wanted)
            else:
                self._crawls[key] = DiscographyCrawl(key, wanted)

    def _next_of_crawls(self, priority: Priority, limit: int) -> list[ApiRequest]:
        self._begin_crawls(priority)
        requests: list[ApiRequest] = []
        for crawl in [crawl for crawl in self._crawls.values() if crawl.priority == priority]:
            for request in crawl.next_requests(limit - len(requests)):
                if request not in self._open_of_crawls:  # an album of two artists is read once
                    requests.append(request)
                self._open_of_crawls.setdefault(request, []).append(crawl)
        return requests

    def _answer_crawls(self, request: ApiRequest, response: ApiResponse | Rejection) -> Settled:
        crawls = self._open_of_crawls.pop(request)
        # An album of two artists gives each of them the same tracks.
        tracks, *_ = [crawl.answer(request, response) for crawl in crawls]
        return Settled([match for crawl in crawls if crawl.is_over for match in self._end(crawl)], tracks)

    def _end(self, crawl: DiscographyCrawl) -> list[Match]:
        """Return the verdicts of a crawl that is over; the rest is asked for singly."""
        del self._crawls[crawl.key]
        matches, left = crawl.settle()
        self._ask_singly([query for query in left if query.spotify_id])
        # What the discography lacks is mostly spelled differently or not there: a search with filters would miss both.
        self._follow_up(query for query in left if not query.spotify_id)
        return matches

    def _ask_singly(self, wanted: Iterable[TrackQuery]) -> None:
        for query in wanted:
            (self._ids if query.spotify_id else self._names)[query.priority].append(query)

    def _take_by_id(
        self, request: ApiRequest, waiting: list[TrackQuery], response: ApiResponse, broken: Container[str]
    ) -> list[Match]:
        tracks = dict(zip(request.ids, response.tracks, strict=False))
        matches, unknown = [], []
        for query in waiting:
            track = tracks.get(query.spotify_id or "")
            if track is None and query.spotify_id in broken:
                matches.append(unreadable(query))
            elif track is None:
                unknown.append(query)
            elif verified := match_id(query, track):
                matches.append(verified)
            else:
                # The id is another track's: an earlier, wrong match. The names decide.
                self._names[query.priority].append(query)
        return matches + self._search_unknown(unknown)

    def _search_unknown(self, waiting: Iterable[TrackQuery]) -> list[Match]:
        """Search for tracks whose id Spotify does not know: ids change. What has no names is not found."""
        matches = []
        for query in waiting:
            if query.is_searchable:
                self._names[query.priority].append(query)
            else:
                matches.append(unknown_id(query))
        return matches

    def _switch(self, waiting: list[TrackQuery]) -> None:
        """Go on in development mode with all that waits."""
        self.mode = Mode.DEVELOPMENT
        self._ids_since_s = None
        following = [query for queue in self._following for _, group in queue for query in group]
        again = [*waiting, *following, *(query for queue in (*self._ids, *self._names) for query in queue)]
        for queue in (*self._ids, *self._names):
            queue.clear()
        for requests in self._following:
            requests.clear()
        for query in again:
            self._queue(query, self._now_s)


class _Artists:
    """Wanted tracks by artist, until the discography is read."""

    def __init__(self) -> None:
        self._groups: dict[str, list[TrackQuery]] = {}
        self._priorities: dict[str, Priority] = {}
        self._waiting = 0

    def add(self, key: str, query: TrackQuery) -> None:
        self._groups.setdefault(key, []).append(query)
        self._priorities[key] = min(query.priority, self._priorities.get(key, query.priority))
        self._waiting += 1

    def take(
        self, priority: Priority, busy: Container[str], *, is_finished: bool
    ) -> tuple[str, list[TrackQuery]] | None:
        """Return an artist of a priority or a more urgent one, the largest; None while there are few to choose from."""
        has_choice = is_finished or self._waiting >= _MOST_WAITING
        # What somebody asked for does not wait for others to choose from.
        last = priority if has_choice else min(priority, Priority.REFRESH)
        idle = [key for key in self._groups if key not in busy and self._priorities[key] <= last]
        if not idle:
            return None
        key = min(idle, key=lambda artist: (self._priorities[artist], -len(self._groups[artist])))
        del self._priorities[key]
        wanted = self._groups.pop(key)
        self._waiting -= len(wanted)
        return key, wanted


def _search(query: TrackQuery) -> tuple[ApiRequest, list[TrackQuery]]:
    if query.isrc and not (query.artist and query.title):
        text = f"isrc:{query.isrc}"
    else:
        text = f'track:"{searchable(query.title)}" artist:"{current_name(searchable(query.artist))}"'
    return ApiRequest(Endpoint.SEARCH_TRACKS, query=text, limit=SEARCH_LIMIT, priority=query.priority), [query]


def _may_be_missed(verdict: Match, tracks: Sequence[Track]) -> bool:
    """Tell whether a filtered search has perhaps missed the track: it found nothing, or only tracks that do not match.

    Filters miss names with an apostrophe or a dot, and other tracks may fill up what they find. Of other names they are
    reliable, so that a track which Spotify does not have costs no second request.

    Source: github.com/spotify/web-api/issues/1212
    """
    names = f"{verdict.wanted.artist} {verdict.wanted.title}"
    return verdict.outcome is Outcome.NOT_FOUND and (not tracks or bool(_MISSED_BY_FILTERS.search(names)))


def _plain_search(query: TrackQuery) -> tuple[ApiRequest, list[TrackQuery]]:
    """Return a search without filters."""
    text = f"{searchable(query.title)} {current_name(searchable(query.artist))}"
    return ApiRequest(Endpoint.SEARCH_TRACKS, query=text, limit=SEARCH_LIMIT, priority=query.priority), [query]
