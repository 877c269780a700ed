"""The portable form: any bytes there and back, any broken line refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.redis.json_text import plain, raw
from boombap.redis.transfer.export_format import ExportedKey, from_line, to_line

_BYTES = st.binary(max_size=20)
_PAIRS = st.lists(st.tuples(_BYTES, _BYTES).map(list), min_size=1, max_size=5)
_VALUES = st.one_of(
    st.tuples(st.just("string"), _BYTES),
    st.tuples(st.sampled_from(["list", "set"]), st.lists(_BYTES, min_size=1, max_size=5)),
    st.tuples(st.sampled_from(["hash", "zset"]), _PAIRS),
    st.tuples(
        st.just("stream"),
        st.lists(st.tuples(_BYTES, st.lists(_BYTES, max_size=4)).map(list), min_size=1, max_size=3),
    ),
)


@given(
    key=_BYTES,
    typed=_VALUES,
    ttl_ms=st.one_of(st.none(), st.integers(1, 2**50)),
    dump=st.one_of(st.none(), _BYTES),
    db=st.integers(0, 15),
)
def test_an_item_survives_its_line(key: bytes, typed: tuple, ttl_ms: int | None, dump: bytes | None, db: int):
    item = ExportedKey(db, key, typed[0], ttl_ms, typed[1], dump)
    line = to_line(item)
    assert b"\n" not in line
    assert from_line(line) == item


@given(_BYTES)
def test_bytes_survive(value: bytes):
    assert raw(json.loads(json.dumps(plain(value)))) == value


@pytest.mark.parametrize(
    "line",
    [
        "", "[]", "{}", "null", '{"key": "k"}', '{"key": "k", "type": "string", "ttl_ms": null}',
        '{"key": "k", "type": "string", "ttl_ms": "x", "value": "v"}',
        '{"key": "k", "type": "string", "ttl_ms": 0, "value": "v"}',
        '{"key": "k", "type": "string", "ttl_ms": -5, "value": "v"}',
        '{"key": "k", "type": "string", "ttl_ms": true, "value": "v"}',
        '{"key": "k", "type": "string", "ttl_ms": null, "value": ["v"]}',
        '{"key": "k", "type": "hash", "ttl_ms": null, "value": ["v"]}',
        '{"key": "k", "type": "odd", "ttl_ms": null, "value": ["v"]}',
        '{"key": {"base64": "?"}, "type": "string", "ttl_ms": null, "value": "v"}',
        '{"key": 1, "type": "string", "ttl_ms": null, "value": "v"}',
    ],
)  # fmt: skip
def test_a_broken_line_is_refused(line: str):
    with pytest.raises(ValueError):
        from_line(line.encode())


@given(st.text(max_size=60))
def test_any_text_is_an_item_or_refused(text: str):
    try:
        from_line(text.encode())
    except ValueError:
        return
