"""Names for values that are being written: in the same slot, whatever braces a key has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boombap.clients.redis.slots import slot_of
from boombap.redis.transfer.staging import Names


@pytest.mark.parametrize(
    "key",
    [
        b"lyrics:1", b"{tag}:a", b"a{tag}b", b"{}", b"{}x", b"{}{tag}", b"a{b", b"a}b", b"}{", b"{{a}}", b"{{}}", b"{",
        b"}", b"", b"\xff{\0}", b"x{}y{z}", b"{a}{b}", b"a{}}",
    ],
)  # fmt: skip
def test_a_name_lies_in_the_slot_of_its_key(key: bytes):
    name = Names(in_slot=True).of(key)
    assert slot_of(name) == slot_of(key)
    assert name.startswith(key + b":boombap-")


@settings(deadline=None, max_examples=30)
@given(st.text("{}ab", max_size=6).map(str.encode))
def test_any_braces_lead_to_the_slot(key: bytes):
    assert slot_of(Names(in_slot=True).of(key)) == slot_of(key)


def test_no_name_comes_twice():
    names = [make.of(b"k") for make in (Names(in_slot=False), Names(in_slot=False), Names(in_slot=True)) for _ in "ab"]
    assert len(set(names)) == len(names)
