"""Globs: what the server matches, we match too, and the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boombap.redis.keyspace.pattern import matcher

if TYPE_CHECKING:
    from caches import Caches


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        (b"*", b"", True), (b"a*", b"ab\nc", True), (b"a?", b"a", False), (b"a?", b"a\xff", True),
        (b"[a-c]x", b"bx", True), (b"[c-a]x", b"bx", True), (b"[^a]", b"a", False), (b"[^a]", b"b", True),
        (b"a\\*", b"a*", True), (b"a\\*", b"ab", False), (b"a.c", b"abc", False), (b"[]", b"x", False),
        (b"[a", b"a", True), (b"x:[0-9]*", b"x:12", True), (b"**", b"abc", True),
    ],
)  # fmt: skip
def test_what_a_glob_means(pattern: bytes, key: bytes, expected: bool):
    assert matcher(pattern)(key) is expected


@settings(max_examples=200, deadline=None)
@given(
    pattern=st.text("ab*?[]^-\\", max_size=8).map(str.encode).filter(lambda one: one and not one.endswith(b"\\")),
    keys=st.lists(st.text("ab*?[]^-\\", min_size=1, max_size=5).map(str.encode), max_size=8),
)
def test_what_it_matches_the_server_matches(caches: Caches, pattern: bytes, keys: list[bytes]):
    cache = caches.valkey()
    with cache.connection() as connection:
        connection.pipeline([("SET", key, 1) for key in keys])
        theirs = set(connection.call("KEYS", pattern))
    assert {key for key in keys if matcher(pattern)(key)} == theirs
