"""JSON with comments: what is inside of a text stays, lines are counted, and no input takes long."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.manifest.documents.json_comments import read
from boombap.deps.manifest.safe_text import Malformed

TEXTS = st.text(alphabet='a"\\/*,]}\n é', max_size=8)
VALUES = st.dictionaries(TEXTS, st.recursive(TEXTS | st.integers(), lambda inner: st.lists(inner, max_size=3)))


@given(VALUES)
def test_comments_and_trailing_commas_change_nothing(value: dict[str, object]):
    plain = json.dumps(value, indent=1)
    with_commas = re.sub(r"(?<=[^\[{\s])\n(\s*[\]}])", r",\n\1", plain)
    assert read(with_commas.replace("\n", ' // "x" ]\n /* , */ ')) == value


def test_a_fault_is_named_with_its_line():
    with pytest.raises(Malformed) as caught:
        read('{\n // one\n /* two\n three */\n "a": x\n}')
    assert caught.value.line == 5


@pytest.mark.parametrize(
    "piece", ["/*", "//", "*/", "/", '"', "\\", '"\\', ",", ", ", ",\n ", ",/**/", "[", "/* *", '"",'], ids=repr
)
def test_no_repetition_takes_long(piece: str):
    begun_s = time.process_time()
    for opening in ("", "{", '{"', "{/*"):
        with pytest.raises(Malformed):
            read(opening + piece * (200_000 // len(piece)))
    assert time.process_time() - begun_s < 2
