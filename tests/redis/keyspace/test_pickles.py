"""Pickles are seen in every type of value, and binary values are not called pickles."""

from __future__ import annotations

import pickle
import random
import struct
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from boombap.redis.checks import keyspace
from boombap.redis.keyspace import pickles
from boombap.redis.model import Expectations
from keyspaces import walk

if TYPE_CHECKING:
    from pathlib import Path

    from caches import Cache

VALUES: tuple[Any, ...] = (
    {"a": 1},
    [1, 2],
    (1, "x"),
    OrderedDict(a=1),
    datetime(2026, 1, 1, tzinfo=UTC),
    {"k": [1, {"n": None}]},
)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_seen(protocol: int):
    for value in VALUES:
        dumped = pickle.dumps(value, protocol)
        start = dumped[: pickles.HEAD_BYTES]
        assert pickles.may_begin(start), dumped
        assert pickles.judge(start, dumped[-1:]) == "pickle", dumped


def test_a_pickle_made_by_hand_is_at_least_suspected():
    for evil in (b"\x80\x04cposix\nsystem\n.", b"cposix\nsystem\n(S'id'\ntR.", b"cos\nsystem\n(S'id'\ntR."):
        assert pickles.judge(evil[:8], evil[-1:])


def test_text_is_not_called_a_pickle():
    for text in (
        b"(Video) It is out.",
        b"call me.",
        b"common sense.",
        b"(I think so.",
        b"]q.",
        b"}.",
        b"cat.",
        b"cost.",
        b".",
    ):
        assert pickles.judge(text[:8], text[-1:]) == "", text


def test_vectors_are_not_called_pickles(cache: Cache, tmp_path: Path):
    chance = random.Random(7)
    vectors = [struct.pack("<8f", *(chance.gauss(0, 0.05) for _ in range(8))) for _ in range(20_000)]
    vectors += [b"\x80\x05" + vector[2:-1] + b"\0" for vector in vectors[:3]]
    with cache.connection() as connection:
        connection.pipeline([("SET", f"v:{number}", vector) for number, vector in enumerate(vectors)])
    stats = walk(cache.target, tmp_path)
    assert stats.pickles == 0
    assert [finding.id for finding in keyspace.judge(stats, Expectations()) if "pickle" in finding.id] in (
        [],
        ["pickle_like_values"],
    )


def test_they_are_seen_in_every_type(each_cache: Cache, tmp_path: Path):
    dumped = pickle.dumps({"a": 1})
    with each_cache.connection() as connection:
        connection.pipeline(
            [
                ("HSET", "hash", "field", dumped),
                ("RPUSH", "list", "x", dumped),
                ("SADD", "set", dumped),
                ("ZADD", "zset", 1, dumped),
                ("XADD", "stream", "1-1", "field", dumped),
                ("SET", "string", dumped),
                ("SET", "old", pickle.dumps({"a": 1}, 0)),
                ("HSET", "plain", "field", "text"),
                ("SET", "cut", b"\x80\x02]q\x00(K\x01"),
            ]
        )
    stats = walk(each_cache.target, tmp_path)
    assert set(stats.pickle_keys) == {b"hash", b"list", b"set", b"zset", b"stream", b"string", b"old"}
    assert stats.pickles == 7
    assert stats.suspect_keys == (b"cut",)
    assert {finding.id for finding in keyspace.judge(stats, Expectations())} == {"pickle_values", "pickle_like_values"}
