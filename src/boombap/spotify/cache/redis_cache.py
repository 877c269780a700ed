"""What Spotify said lately, in Redis: tracks by their id, verdicts by what was asked for, and what it does not know.

The cache may be wrong about nothing and may fail at any time: a value that is not ours is a miss, and a Redis that is
down or full costs hits, one warning, and no time while the breaker is open.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, NamedTuple

from boombap import log
from boombap.clients.redis.errors import ServerError, refusal
from boombap.errors import ExternalError
from boombap.resilience.breaker import Breaker
from boombap.spotify.cache import codec
from boombap.spotify.matching.match import RULES
from boombap.spotify.matching.verdict import match_id, unknown_id
from boombap.spotify.model import STORED, Match, Outcome, Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from boombap.clients.redis.connection import Command, Reply
    from boombap.clients.redis.pool import Pool
    from boombap.resilience.breaker import OnChange
    from boombap.spotify.catalogue.known_tracks import KnownTrack
    from boombap.spotify.model import Track, TrackQuery

_SCHEMA = 1
_PREFIX = f"boombap:spotify:{_SCHEMA}:"
_COUNTS = f"{_PREFIX}counts"
_PIPELINED = 2_000
_FAILURES = 2
_RECOVERY_S = 10.0


class Lifetimes(NamedTuple):
    """How long an answer counts.

    Attributes:
        found_s: metadata, and verdicts that found something.
        missing_s: unknown ids, and verdicts that found nothing.
    """

    found_s: float = 7 * 86_400.0
    missing_s: float = 30 * 86_400.0


class HitCounts(NamedTuple):
    """How often the cache was asked, and knew; of this process, or in Redis of all."""

    hits: int = 0
    misses: int = 0

    @property
    def hit_pct(self) -> float | None:
        """Return the share of hits, None before the first question."""
        asked = self.hits + self.misses
        return 100.0 * self.hits / asked if asked else None


class Cache:
    """The cache of all processes; threads may share it.

    Args:
        on_change: returns the callback of a breaker by its name; without it nobody is told.
    """

    def __init__(
        self,
        pool: Pool,
        lifetimes: Lifetimes = Lifetimes(),  # noqa: B008 - frozen
        *,
        on_change: Callable[[str], OnChange | None] = lambda _: None,
    ) -> None:
        self._pool = pool
        self._lifetimes = lifetimes
        self._reading, self._writing = (
            Breaker(threshold=_FAILURES, recovery_s=_RECOVERY_S, on_change=on_change(name))
            for name in ("spotify cache reads", "spotify cache writes")
        )
        self._lock = threading.Lock()
        self._hits = self._misses = 0
        self._told = HitCounts()
        self._has_warned = False

    @property
    def counts(self) -> HitCounts:
        """Return the hits and misses of this process."""
        with self._lock:
            return HitCounts(self._hits, self._misses)

    def look_up(self, wanted: Sequence[TrackQuery]) -> tuple[list[Match], list[TrackQuery]]:
        """Return the verdicts that are known, and what must be asked for; never raises for a Redis that fails.

        A refresh is always asked for. An id that Spotify does not know is taken off a row that can be searched for.
        """
        asked = [query for query in wanted if query.priority is not Priority.REFRESH]
        verdicts = self._get([_match_key(query) for query in asked])
        by_id = [query for query, value in zip(asked, verdicts, strict=True) if value is None and query.spotify_id]
        tracks = self._get([_track_key(query.spotify_id) for query in by_id if query.spotify_id])
        known = {query.key: value for query, value in zip(asked, verdicts, strict=True) if value is not None}
        values = {query.key: value for query, value in zip(by_id, tracks, strict=True)}
        hits: list[Match] = []
        misses: list[TrackQuery] = []
        for query in wanted:
            answer = self._answer(query, known.get(query.key), values.get(query.key))
            if isinstance(answer, Match):
                hits.append(answer)
            else:
                misses.append(answer)
        self._count(len(hits), len(misses))
        return hits, misses

    def keep(self, tracks: Iterable[Track], missing: Iterable[str], matches: Iterable[Match]) -> None:
        """Take what Spotify said; a Redis that fails costs the next run's hits."""
        commands = [*self._track_commands(tracks), *self._missing_commands(missing), *self._match_commands(matches)]
        self._set([*commands, *self._count_commands()])

    def warm(self, kept: Iterable[KnownTrack]) -> int:
        """Take tracks of the tables for the rest of their time, and give how many were taken."""
        commands = []
        for known in kept:
            left_s = self._lifetimes.found_s - known.age_s
            if left_s >= 1:
                commands += _set_track(known.track, left_s)
        return self._set(commands)

    def forget(self, wanted: Sequence[TrackQuery]) -> None:
        """Remove the verdicts about some questions, so that they are asked again.

        Raises:
            ExternalError: when Redis does not answer, or refuses.
        """
        for first in range(0, len(wanted), _PIPELINED):
            self._pool.call("DEL", *map(_match_key, wanted[first : first + _PIPELINED]))

    def close(self) -> None:
        """Add the hits and misses of this process to those of all."""
        self._set(self._count_commands())

    def read_counts(self) -> HitCounts:
        """Return the hits and misses of all processes.

        Raises:
            ExternalError: when Redis does not answer.
        """
        hits, misses = self._pool.call("HMGET", _COUNTS, "hits", "misses")
        return HitCounts(_whole(hits), _whole(misses))

    def _answer(self, query: TrackQuery, verdict: bytes | None, value: bytes | None) -> Match | TrackQuery:
        cached = codec.decode_match(verdict) if verdict is not None else None
        if cached:
            return cached.about(query)
        if value is None:
            return query
        if value == codec.MISSING:
            return _without_id(query) if query.is_searchable else unknown_id(query)
        track = codec.decode_track(value)
        if track is None or query.spotify_id not in (track.id, track.requested_id):
            return query
        # The id of another track: the Web API is asked, in case it says something else by now.
        return match_id(query, track) or query

    def _track_commands(self, tracks: Iterable[Track]) -> Iterable[Command]:
        return (command for track in tracks for command in _set_track(track, self._lifetimes.found_s))

    def _missing_commands(self, ids: Iterable[str]) -> Iterable[Command]:
        return (_set(_track_key(id_), codec.MISSING, self._lifetimes.missing_s) for id_ in ids)

    def _match_commands(self, matches: Iterable[Match]) -> Iterable[Command]:
        for match in matches:
            # What is asked for by its id alone lies under the id.
            if match.outcome is Outcome.FAILED or not match.wanted.title:
                continue
            if match.reasons[-1:] == (STORED,):  # the tables have it; another database may not
                continue
            is_found = match.outcome is Outcome.MATCHED
            ttl_s = self._lifetimes.found_s if is_found else self._lifetimes.missing_s
            try:
                yield _set(_match_key(match.wanted), codec.encode_match(match), ttl_s)
            except ValueError:
                continue

    def _count(self, hits: int, misses: int) -> None:
        with self._lock:
            self._hits += hits
            self._misses += misses

    def _count_commands(self) -> list[Command]:
        with self._lock:
            hits, misses = self._hits - self._told.hits, self._misses - self._told.misses
            self._told = HitCounts(self._hits, self._misses)
        return [("HINCRBY", _COUNTS, name, n) for name, n in (("hits", hits), ("misses", misses)) if n]

    def _get(self, keys: list[str]) -> list[bytes | None]:
        """Return what lies under the keys, None for what does not, or what Redis did not say."""
        if not keys or not self._reading.allow():
            return [None] * len(keys)
        values: list[bytes | None] = []
        try:
            for first in range(0, len(keys), _PIPELINED):
                replies = self._pool.pipeline([("GET", key) for key in keys[first : first + _PIPELINED]])
                self._tell_missing_right(replies, "GET")
                # A refusal, such as WRONGTYPE, concerns one key.
                values += [reply if isinstance(reply, bytes) else None for reply in replies]
        except ExternalError as error:
            self._reading.fail()
            self._warn(error)
            return [*values, *[None] * (len(keys) - len(values))]
        except BaseException:
            self._reading.cancel()
            raise
        self._reading.succeed()
        return values

    def _set(self, commands: list[Command]) -> int:
        """Run commands that write, and give how many Redis took."""
        if not commands or not self._writing.allow():
            return 0
        taken = 0
        try:
            for first in range(0, len(commands), _PIPELINED):
                chunk = commands[first : first + _PIPELINED]
                taken += self._taken(chunk, self._pool.pipeline(chunk))
        except ExternalError as error:
            self._writing.fail()
            self._warn(error)
            return taken
        except BaseException:
            self._writing.cancel()
            raise
        self._writing.succeed()
        return taken

    def _taken(self, commands: list[Command], replies: list[Reply]) -> int:
        refused = [(reply, command[0]) for command, reply in zip(commands, replies, strict=True) if _is_refused(reply)]
        # Full, read-only, without the right: all of them would be refused, and the breaker saves the time.
        if refused and len(refused) == len(replies):
            reply, name = refused[0]
            raise refusal(reply, self._pool.target, name)
        for reply, name in refused:
            self._tell_missing_right([reply], name)
        return len(replies) - len(refused)

    def _tell_missing_right(self, replies: list[Reply], name: object) -> None:
        """Warn where the ACL user may not run a command: that is not a matter of one key."""
        for reply in replies:
            if isinstance(reply, ServerError) and reply.word == "NOPERM":
                return self._warn(refusal(reply, self._pool.target, name))
        return None

    def _warn(self, error: ExternalError) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.logger(__name__).warning("the run goes on without the cache: %s", error)


def _is_refused(reply: Reply) -> bool:
    return isinstance(reply, ServerError)


def _without_id(query: TrackQuery) -> TrackQuery:
    return query._replace(spotify_id=None)


def _set_track(track: Track, ttl_s: float) -> list[Command]:
    ids = {id_ for id_ in (track.id, track.requested_id) if id_}
    try:
        value = codec.encode_track(track)
    except ValueError:
        return []
    return [_set(_track_key(id_), value, ttl_s) for id_ in ids]


def _set(key: str, value: bytes, ttl_s: float) -> Command:
    return ("SET", key, value, "PX", round(ttl_s * 1000))


def _track_key(id_: str) -> str:
    return f"{_PREFIX}track:{id_}"


def _match_key(query: TrackQuery) -> str:
    """Return the key of a question: whatever a verdict depends on is in it."""
    question = (query.artist, query.title, query.spotify_id, query.isrc, query.duration_ms, query.explicit)
    text = repr(question).encode(errors="surrogatepass")
    return f"{_PREFIX}match:{RULES}:{hashlib.blake2b(text, digest_size=15).hexdigest()}"


def _whole(value: object) -> int:
    return int(value) if isinstance(value, bytes) and value.isdigit() else 0
