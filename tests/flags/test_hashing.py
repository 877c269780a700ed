"""The hash is flagd's: published vectors, those of its core 2.0.0, and the shape of a rollout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.flags.hashing import bucket, cbor, cbor_text, murmur3

FOLDER = Path(__file__).parent
FLAGS: dict[str, Any] = json.loads((FOLDER / "vectors.flagd.json").read_text(encoding="utf-8"))["flags"]
VECTORS: list[dict[str, Any]] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))["vectors"]


def variant(weights: list[list[Any]], place: int) -> str:
    for name, weight in weights:
        place -= weight
        if place < 0:
            return name
    raise AssertionError(place)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['flag']} {vector['targetingKey'][:20]}")
def test_vector_of_flagd_core(vector: dict[str, Any]):
    flag, key = vector["flag"], vector["targetingKey"]
    weights = [part for part in FLAGS[flag]["targeting"]["fractional"] if isinstance(part, list)]
    total = sum(weight for _, weight in weights)
    if not key:
        assert vector["variant"] == FLAGS[flag]["defaultVariant"]
    elif "tenant" in vector:  # the file names another value to divide by: that alone is hashed
        assert variant(weights, murmur3(cbor_text(vector["tenant"])) * total >> 32) == vector["variant"]
    else:
        assert variant(weights, bucket(flag, key, total)) == vector["variant"]


# Source: the verification values that implementations of MurmurHash3_x86_32 with seed 0 share.
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0),
        (b"a", 0x3C2569B2),
        (b"ab", 0x9BBFD75F),
        (b"abc", 0xB3DD93FA),
        (b"abcd", 0x43ED676A),
        (b"Hello, world!", 0xC0363E43),
        (b"\xff\xff\xff\xff", 0x76293B50),
        (b"\0\0\0\0", 0x2362F9DE),
    ],
)
def test_published_values_of_murmur3(data: bytes, expected: int):
    assert murmur3(data) == expected


# Source: RFC 8949, appendix A, and its section 3 for the longer heads.
@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("", b"\x60"),
        ("a" * 23, b"\x77"),
        ("a" * 24, b"\x78\x18"),
        ("a" * 255, b"\x78\xff"),
        ("a" * 256, b"\x79\x01\0"),
        ("a" * 65_535, b"\x79\xff\xff"),
        ("a" * 65_536, b"\x7a\0\x01\0\0"),
    ],
)
def test_the_length_of_a_text_takes_the_fewest_bytes(text: str, head: bytes):
    assert cbor_text(text) == head + text.encode()


def test_two_texts_are_never_taken_for_other_two():
    assert cbor(("ab", "c")) != cbor(("a", "bc"))


@given(flag=st.text(), key=st.text(st.characters()), total=st.integers(1, 2**31 - 1))
def test_every_key_has_a_place(flag: str, key: str, total: int):
    assert 0 <= bucket(flag, key, total) < total


def test_an_unpaired_surrogate_has_a_place_too():
    assert 0 <= bucket("db-engine", "caf\udce9", 100) < 100


def test_two_rollouts_are_independent():
    keys = [f"track-{number}" for number in range(10_000)]
    both = sum(bucket("db-engine", key, 100) < 10 and bucket("ctx-engine", key, 100) < 10 for key in keys)
    assert 70 <= both <= 130  # 1 % of 10,000; three standard deviations are 30


def test_a_share_is_served_as_it_was_asked_for():
    places = [bucket("spotify-engine", f"track-{number}", 10_000) for number in range(20_000)]
    assert all(
        abs(sum(place < limit for place in places) / 20_000 - limit / 10_000) < 0.012 for limit in (25, 100, 5000)
    )
