"""Slots of keys and commands, compared with redis-py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from boombap.clients.redis.slots import slot_for, slot_of


@given(st.one_of(st.binary(max_size=40), st.text("{}ab", max_size=12).map(str.encode)))
def test_a_key_has_the_slot_that_redis_py_gives_it(key: bytes):
    assert slot_of(key) == key_slot(key)


@pytest.mark.parametrize(
    "command",
    [
        ("GET", "k"), (b"get", b"k"), ("MEMORY", "USAGE", "k"), ("OBJECT", "ENCODING", "k"), ("XINFO", "STREAM", "k"),
        ("EVAL", "return 1", 1, "k"), ("XREAD", "COUNT", 1, "streams", "k", 0), ("ZUNION", 2, "k", "j"),
        ("BITOP", "AND", "k", "j"), ("SET", "{k}x", 1), ("BZMPOP", 1, 2, "k", "j", "MIN"),
    ],
)  # fmt: skip
def test_a_command_goes_where_its_first_key_is(command: tuple[str, ...]):
    assert slot_for(command) == slot_of("k")


@pytest.mark.parametrize("command", [("PING",), ("SCAN", 0), ("memory", "stats"), ("CONFIG", "GET", "k"), ("XREAD", 1)])
def test_a_command_without_a_key_goes_anywhere(command: tuple[str, ...]):
    assert slot_for(command) is None
