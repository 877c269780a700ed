"""Names fold into patterns, whatever separates their parts, and the sums of a prefix are those of all below it."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.redis.keyspace.names import fold, head, shape
from boombap.redis.keyspace.scan import Batch
from boombap.redis.keyspace.stats import Aggregator, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.redis.model import KeyspaceStats

KINDS = {
    "cache_user_{n}_profile": b"cache_user_<n>_profile",
    "sess.{n}.data": b"sess.<n>.data",
    "api/v1/tracks/{n}": b"api/v<n>/tracks/<n>",
    "user-{n}": b"user-<n>",
    "{uuid}": b"<uuid>",
    "celery-task-meta-{uuid}": b"celery-task-meta-<uuid>",
    "tenant:{n}:session:x": b"tenant:<n>:session:x",
    "page:{md5}": b"page:<id>",
    "{n}": b"<n>",
    "track:{base62}": b"track:<id>",
    "charts:2026-11-{n}:top": b"charts:<n>-<n>-<n>:top",
}


def names(kind: str, count: int) -> list[bytes]:
    return [
        kind.format(
            n=number,
            uuid=uuid.uuid5(uuid.NAMESPACE_URL, str(number)),
            md5=hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest(),
            base62=f"4uLU6hMCjMI75M1A2t{number:04d}",
        ).encode()
        for number in range(count)
    ]


def stats_of(keys: Iterable[bytes], prefixes: tuple[bytes, ...] = (), ttl: int = -1) -> KeyspaceStats:
    aggregator = Aggregator(0, prefixes)
    measured = [(key, 100, b"string", ttl) for key in keys]
    aggregator.add(Batch(0, len(measured), measured))  # type: ignore[arg-type]
    return total([aggregator], 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_name_is_one_pattern(kind: str):
    stats = stats_of(names(kind, 2000))
    (branch,) = stats.branches
    assert [(child.prefix, child.keys) for child in branch.children] == [(KINDS[kind], 2000)]


def test_what_fills_a_cache_of_many_kinds_is_a_few_rows():
    stats = stats_of(key for kind in KINDS for key in names(kind, 500))
    patterns = sorted((child for branch in stats.branches for child in branch.children), key=lambda one: -one.keys)
    assert len(patterns) <= 30
    assert sum(child.size_bytes for child in patterns[:30]) == stats.size_bytes


def test_words_are_not_identifiers():
    for word in (b"artist:kendrick-lamar:albums", b"facade", b"dead-beef", b"lyrics:de:cafe", b"ABBA"):
        assert fold(word) == word


def test_names_without_an_end_are_bounded():
    stats = stats_of(
        b"word:" + bytes((97 + a, 97 + b, 97 + c)) for a in range(20) for b in range(20) for c in range(20)
    )
    (branch,) = stats.branches
    assert branch.keys == 8000
    assert len(branch.children) <= 201
    assert {child.prefix for child in branch.children} > {b"word:*"}
    many = stats_of(b"%s:x" % "".join(chr(97 + int(digit)) for digit in str(number)).encode() for number in range(5000))
    assert len(many.branches) <= 2001
    assert sum(one.keys for one in many.branches) == 5000


def test_the_sums_of_a_prefix_are_those_of_everything_below_it():
    stats = stats_of([b"artist:1", b"artist:2", b"artist:2:albums", b"artist-x:1"], (b"artist:", b"artist:2"))
    assert [(branch.prefix, branch.keys, branch.without_ttl) for branch in stats.below] == [
        (b"artist:", 3, 3),
        (b"artist:2", 2, 2),
    ]


@given(st.binary(max_size=80))
def test_any_name_has_a_pattern_and_its_shape_the_same(name: bytes):
    pattern = fold(name)
    assert fold(pattern) == pattern
    assert pattern.startswith(head(pattern))
    assert len(shape(name)) == len(name)


@given(st.lists(st.binary(max_size=20), max_size=50))
def test_nothing_is_lost_in_the_patterns(keys: list[bytes]):
    stats = stats_of(keys)
    assert sum(branch.keys for branch in stats.branches) == len(keys)
    assert all(branch.keys == sum(child.keys for child in branch.children) for branch in stats.branches)
