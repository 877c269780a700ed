"""A secret shows stars wherever it is printed, and leaves by `reveal` alone."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.config.secret import Secret
from boombap.output.encode import to_json


@given(st.text(st.characters(exclude_characters="*(empty)"), min_size=1))
def test_text_is_seen_nowhere(text: str) -> None:
    secret = Secret(text)
    assert {str(secret), repr(secret), f"{secret}", f"{secret!r}", "%s" % secret} == {"***"}  # noqa: UP031
    assert secret.reveal() == text


def test_empty_secret_says_so_and_is_false() -> None:
    assert repr(Secret("")) == "(empty)"
    assert not Secret("")
    assert Secret("x")


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("a") != "a"


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy, to_json, lambda secret: f"{secret:s}", vars])
def test_every_other_way_out_is_shut(leave) -> None:
    with pytest.raises(TypeError) as caught:
        leave(Secret("hunter2"))
    assert "hunter2" not in str(caught.value)
