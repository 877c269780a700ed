"""What two answers differ in, in words."""

from __future__ import annotations

import pytest

from boombap.flags.model import Evaluation
from boombap.flags.shadow.difference import MAX_NAMED, fields_but

ONE = Evaluation("db-engine", "rap", "native", "STATIC", "file")


@pytest.mark.parametrize(
    ("classic", "native", "expected"),
    [
        (ONE, ONE, []),
        (ONE, ONE.replace(key="hop"), ['key: "rap", native "hop"']),
        (ONE, ONE.replace(variant="classic"), []),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, ["a.b[1]: 2, native 3"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a: 2 entries, native 1"]),
        ({"a": 1}, {"b": 1}, ["a: only classic has it", "b: only native has it"]),
        ({"a": {"variant": 1}}, {"a": {"variant": 2}}, []),
        ({"a": 1}, {"a": True}, ["a: 1, native true"]),
        ({"a": 0}, {"a": None}, ["a: 0, native null"]),
        ({"a": 1}, {"a": 1.0}, []),
        ([], {}, ["answer: [], native {}"]),
        ("x", "y" * 99, [f'answer: "x", native "{"y" * 58}…']),
    ],
)
def test_differences_are_named(classic: object, native: object, expected: list[str]):
    assert fields_but("variant")(classic, native) == expected


def test_many_differences_are_counted():
    found = fields_but()(list(range(200)), list(range(1, 201)))
    assert len(found) == MAX_NAMED + 1
    assert found[-1] == "and 150 more"
