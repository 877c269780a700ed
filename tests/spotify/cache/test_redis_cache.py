"""What was said lately is not asked for again, and a Redis in trouble costs hits and nothing else."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.clients.redis.target import from_text
from boombap.errors import ExternalError
from boombap.spotify.cache import codec
from boombap.spotify.cache.redis_cache import Cache, HitCounts, Lifetimes
from boombap.spotify.catalogue.known_tracks import KnownTrack
from boombap.spotify.model import STORED, Album, ApiResponse, Artist, Match, Mode, Outcome, Priority, Track, TrackQuery
from boombap.spotify.scheduling.scheduler import RequestScheduler
from spotify.answers import a_match, a_track, an_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.redis.pool import Pool
    from caches import Cache as Server
    from caches import Caches


@pytest.fixture
def pool(cache: Server) -> Iterator[Pool]:
    with cache.pool() as pool:
        yield pool


@pytest.fixture
def mine(pool: Pool) -> Cache:
    return Cache(pool)


def by_id(number: int, title: str = "") -> TrackQuery:
    return TrackQuery(number, f"MC {number % 10}" if title else "", title, spotify_id=an_id("t", number))


def test_an_empty_cache_knows_nothing(mine: Cache):
    wanted = [by_id(1), TrackQuery(2, "E-40", "Sprinkle Me")]
    assert mine.look_up(wanted) == ([], wanted)
    assert mine.look_up([]) == ([], [])
    assert mine.counts == HitCounts(0, 2)


def test_a_track_is_known_by_its_id(each_cache: Server):
    with each_cache.pool() as pool:
        mine = Cache(pool)
        mine.keep([a_track(1)], [], [])
        assert mine.look_up([by_id(1), by_id(2)]) == (
            [Match(by_id(1), Outcome.MATCHED, a_track(1), 1.0, reasons=("id",))],
            [by_id(2)],
        )
        assert mine.counts == HitCounts(1, 1)


def test_a_known_id_must_fit_the_name(mine: Cache):
    mine.keep([a_track(1)], [], [])
    hits, misses = mine.look_up([by_id(1, "Song 1")])
    assert [(hit.outcome, hit.score) for hit in hits] == [(Outcome.MATCHED, 0.97)]
    assert misses == []
    assert mine.look_up([by_id(1, "Another")]) == ([], [by_id(1, "Another")])


@pytest.mark.parametrize(
    "wanted",
    [
        by_id(1),
        by_id(1, "Song 1"),
        by_id(1, "Song 1")._replace(artist=""),
        by_id(1, "Song 1 (feat. Nobody)")._replace(duration_ms=194_001),
        by_id(1, "Another")._replace(isrc="USXX10000001"),
    ],
)
def test_a_cached_track_gets_the_verdict_of_one_that_is_asked_for(mine: Cache, wanted: TrackQuery):
    scheduler = RequestScheduler(Mode.EXTENDED)
    scheduler.add([wanted], 0.0)
    scheduler.finish()
    (ask,) = scheduler.next_requests(1, 0.0)
    mine.keep([a_track(1)], [], [])
    assert mine.look_up([wanted]) == (scheduler.answer(ask, ApiResponse((a_track(1),))).matches, [])


def test_a_relinked_track_is_known_by_both_ids(mine: Cache):
    mine.keep([a_track(1, requested_id=an_id("t", 2))], [], [])
    hits, _ = mine.look_up([by_id(1), by_id(2)])
    assert [hit.track.id for hit in hits if hit.track] == [an_id("t", 1)] * 2


def test_an_unknown_id_is_not_asked_for_again(mine: Cache):
    mine.keep([], [an_id("t", 1), an_id("t", 2)], [])
    hits, misses = mine.look_up([by_id(1), by_id(2, "Song 2")])
    assert [(hit.wanted, hit.outcome, hit.reasons) for hit in hits] == [(by_id(1), Outcome.NOT_FOUND, ("unknown_id",))]
    assert misses == [by_id(2, "Song 2")._replace(spotify_id=None)]


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.FAILED])
def test_a_verdict_is_known_by_its_question(mine: Cache, outcome: Outcome):
    match = a_match(1, outcome)
    mine.keep([], [], [match])
    same = match.wanted._replace(key=77)
    assert mine.look_up([same]) == ([match._replace(wanted=same)], [])
    for other in (same._replace(title="song 1"), same._replace(duration_ms=1), same._replace(isrc="x")):
        assert mine.look_up([other]) == ([], [other])


def test_a_failure_is_no_answer(mine: Cache):
    match = a_match(1, Outcome.FAILED)
    mine.keep([], [], [match])
    assert mine.look_up([match.wanted]) == ([], [match.wanted])


def test_a_refresh_is_always_asked_for(mine: Cache):
    match = a_match(1)
    mine.keep([a_track(1)], [], [match])
    wanted = match.wanted._replace(priority=Priority.REFRESH, spotify_id=an_id("t", 1))
    assert mine.look_up([wanted]) == ([], [wanted])


def test_lifetimes(pool: Pool):
    mine = Cache(pool, Lifetimes(found_s=100.0, missing_s=1_000.0))
    mine.keep([a_track(1)], [an_id("t", 2)], [a_match(3), a_match(4, Outcome.NOT_FOUND)])
    left_s = sorted(pool.call("PTTL", key) / 1000 for keys in pool.scan("boombap:spotify:1:[tm]*") for key in keys)
    assert left_s == pytest.approx([100, 100, 1_000, 1_000], abs=5)


def test_what_the_tables_know_lives_for_the_rest_of_its_time(pool: Pool):
    mine = Cache(pool, Lifetimes(found_s=100.0))
    assert mine.warm([KnownTrack(a_track(1), 40.0), KnownTrack(a_track(2), 99.5), KnownTrack(a_track(3), 400.0)]) == 1
    assert pool.call("PTTL", "boombap:spotify:1:track:" + an_id("t", 1)) == pytest.approx(60_000, abs=5_000)
    hits, _ = mine.look_up([by_id(1), by_id(2), by_id(3)])
    assert [hit.wanted.key for hit in hits] == [1]


BAD = [
    b"", b"1", b"null", b"{}", b"[]", b"\xff\xfe", b"[1,2,3]", b"x" * 1_000, b"00",
    codec.encode_track(a_track(1))[:-20],
    codec.encode_track(a_track(2)),
    codec.encode_track(a_track(1)._replace(popularity="high")),  # type: ignore[arg-type]
    codec.encode_track(a_track(1)._replace(name=None)),  # type: ignore[arg-type]
    codec.encode_track(a_track(1))[:-1] + b",1]",
]  # fmt: skip


@pytest.mark.parametrize("value", BAD)
def test_a_value_that_is_not_ours_is_a_miss(pool: Pool, mine: Cache, value: bytes):
    wanted = by_id(1, "Song 1")
    match = Match(wanted, Outcome.NOT_FOUND)
    mine.keep([], [], [match])
    for keys in pool.scan("boombap:spotify:1:match:*"):
        for key in keys:
            pool.call("SET", key, value)
    pool.call("SET", "boombap:spotify:1:track:" + an_id("t", 1), value)
    assert mine.look_up([wanted]) == ([], [wanted])


def test_a_key_of_another_kind_is_a_miss(pool: Pool, mine: Cache):
    pool.call("LPUSH", "boombap:spotify:1:track:" + an_id("t", 1), "x")
    mine.keep([a_track(2)], [], [])
    hits, misses = mine.look_up([by_id(1), by_id(2)])
    assert ([hit.wanted.key for hit in hits], misses) == ([2], [by_id(1)])


def test_counts_are_added_up_over_processes(pool: Pool):
    for _ in range(2):
        one = Cache(pool)
        one.keep([a_track(1)], [], [])
        one.look_up([by_id(1), by_id(2), by_id(3)])
        one.keep([], [], [])
        one.look_up([by_id(1)])
        one.close()
        one.close()
    assert one.read_counts() == HitCounts(4, 4)
    assert one.read_counts().hit_pct == 50.0
    assert HitCounts().hit_pct is None


@dataclass
class Records(logging.Handler):
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    __hash__ = logging.Handler.__hash__


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    handler = Records()
    logger = logging.getLogger("boombap.spotify.cache.redis_cache")
    logger.addHandler(handler)
    yield handler.lines
    logger.removeHandler(handler)


def test_a_redis_that_is_down_costs_one_warning(cache: Server, warnings: list[str]):
    with cache.pool(from_text("redis://127.0.0.1:1/0", origin="the test")) as pool:
        mine = Cache(pool)
        for _ in range(5):
            assert mine.look_up([by_id(1)]) == ([], [by_id(1)])
            mine.keep([a_track(1)], [], [])
        mine.close()
    assert len(warnings) == 1
    assert "goes on without the cache" in warnings[0]
    assert "refused the connection" in warnings[0]


def test_a_redis_that_stops_in_the_middle_costs_hits(caches: Caches, warnings: list[str]):
    own = caches.own()
    with own.pool() as pool:
        mine = Cache(pool)
        mine.keep([a_track(1)], [], [])
        assert len(mine.look_up([by_id(1)])[0]) == 1
        with own.connection() as connection, pytest.raises(ExternalError):
            connection.call("SHUTDOWN", "NOSAVE")
        assert mine.look_up([by_id(1)]) == ([], [by_id(1)])
        mine.keep([a_track(1)], [], [])
    assert len(warnings) == 1


def test_a_full_redis_still_answers(pool: Pool, mine: Cache, warnings: list[str]):
    mine.keep([a_track(1)], [], [])
    pool.call("CONFIG", "SET", "maxmemory", "1")
    try:
        for _ in range(4):
            mine.keep([a_track(2)], [an_id("t", 3)], [a_match(4)])
        assert len(mine.look_up([by_id(1)])[0]) == 1
    finally:
        pool.call("CONFIG", "SET", "maxmemory", "0")
    assert len(warnings) == 1
    assert "maxmemory" in warnings[0]


def test_many_at_once(mine: Cache):
    mine.keep([a_track(number) for number in range(5_000)], [], [])
    hits, misses = mine.look_up([by_id(number) for number in range(5_500)])
    assert (len(hits), len(misses)) == (5_000, 500)


whole = st.none() | st.integers(-(2**63), 2**63 - 1)
names = st.text(st.characters(exclude_categories=["Cs"]))
tracks = st.builds(
    Track,
    names,
    names,
    st.lists(st.builds(Artist, st.none() | names, names), max_size=3).map(tuple),
    st.none() | st.builds(Album, st.none() | names, names, st.none() | names, st.none() | names, whole),
    duration_ms=whole,
    popularity=whole,
    track_number=whole,
    disc_number=whole,
    isrc=st.none() | names,
    preview_url=st.none() | names,
    requested_id=st.none() | names,
    explicit=st.none() | st.booleans(),
    is_local=st.booleans(),
)
matches = st.builds(
    Match,
    st.just(TrackQuery(1, "a", "b")),
    st.sampled_from(Outcome),
    st.none() | tracks,
    st.floats(0, 1),
    st.none() | st.floats(0, 1),
    st.lists(names, max_size=3).map(tuple),
)


@given(tracks)
def test_a_track_comes_back_as_it_was(track: Track):
    assert codec.decode_track(codec.encode_track(track)) == track


@given(matches)
def test_a_verdict_comes_back_as_it_was(match: Match):
    verdict = codec.decode_match(codec.encode_match(match))
    assert verdict is not None
    assert verdict.about(match.wanted) == match


@given(st.binary())
def test_any_bytes_are_ours_or_none(value: bytes):
    assert codec.decode_track(value) is None
    assert codec.decode_match(value) is None


def test_what_has_no_bytes_is_not_kept(mine: Cache):
    mine.keep([a_track(1, name="a\ud800"), a_track(2)], [], [a_match(3, name="\ud800")])
    hits, misses = mine.look_up([by_id(1), by_id(2), a_match(3).wanted])
    assert ([hit.wanted.key for hit in hits], len(misses)) == ([2], 2)
    odd = TrackQuery(9, "a\ud800", "b")
    assert mine.look_up([odd]) == ([], [odd])


def test_a_verdict_of_stored_tracks_is_not_kept(mine: Cache):
    verdict = a_match(1)
    mine.keep([], [], [verdict._replace(reasons=(*verdict.reasons, STORED))])
    assert mine.look_up([verdict.wanted]) == ([], [verdict.wanted])
