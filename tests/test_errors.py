"""The error tree: its exit codes, and that its drawing is true."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap import errors
from boombap.errors import BoombapError, Interrupted, worst_exit

CODES = [0, 1, 3, 4, 75]


def branches(root: type[BoombapError] = BoombapError) -> list[type[BoombapError]]:
    return [
        root,
        *(
            branch
            for child in root.__subclasses__()
            for branch in branches(child)
            if branch.__module__ == root.__module__
        ),
    ]


def test_drawing_names_every_branch_with_its_exit_code() -> None:
    drawn = dict(re.findall(r"(\w+) +(\d+|130/143)  ", errors.__doc__ or ""))
    expected = {branch.__name__: str(branch.exit_code) for branch in branches()} | {"Interrupted": "130/143"}
    assert drawn == expected


def test_drawing_says_what_is_transient() -> None:
    drawn = set(re.findall(r"(\w+) .*\(transient\)", errors.__doc__ or ""))
    assert drawn == {branch.__name__ for branch in branches() if branch.transient}


def test_message_ends_with_what_to_do() -> None:
    assert str(BoombapError("it failed", hint="try this")) == "it failed; try this"
    assert str(BoombapError("it failed")) == "it failed"


@pytest.mark.parametrize(("signum", "code"), [(2, 130), (15, 143)])
def test_exit_code_of_a_signal(signum: int, code: int) -> None:
    assert Interrupted(signum).exit_code == code


def test_data_stands_in_attributes() -> None:
    assert errors.QueryFailed("no", sqlstate="42P01").sqlstate == "42P01"
    assert errors.RetryLater("wait", retry_after_s=30.0).retry_after_s == 30.0


@given(st.lists(st.sampled_from(CODES)))
def test_worst_exit_is_one_of_the_codes_and_heeds_no_order(codes: list[int]) -> None:
    worst = worst_exit(codes)
    assert worst in (codes or [0])
    assert worst == worst_exit(codes[::-1]) == worst_exit(codes * 2)


@given(st.lists(st.sampled_from(CODES)), st.lists(st.sampled_from(CODES)))
def test_worst_exit_of_parts_is_that_of_the_whole(left: list[int], right: list[int]) -> None:
    assert worst_exit(left + right) == worst_exit([worst_exit(left), worst_exit(right)])


def test_failure_outweighs_the_answer_no() -> None:
    assert [worst_exit(CODES[:size]) for size in range(1, 6)] == [0, 1, 3, 3, 3]
    assert worst_exit([1, 75]) == 75
    assert worst_exit([75, 4]) == 4
