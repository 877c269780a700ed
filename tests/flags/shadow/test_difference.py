"""What two answers differ in, in words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from boombap.config.secret import Secret
from boombap.flags.model import Evaluation
from boombap.flags.shadow.difference import MAX_NAMED, as_json, fields_but

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
        ({"a": Decimal(5)}, {"a": Decimal(6)}, ['a: "<Decimal>", native "<Decimal>"']),
        ({"a": Decimal(5)}, {"a": Decimal(5)}, []),
        ({"a": [timedelta(1)]}, {"a": [timedelta(2)]}, ['a[0]: "<timedelta>", native "<timedelta>"']),
        ({"a": Secret("x")}, {"a": Secret("x")}, []),
        ("x", "y" * 99, [f'answer: "x", native "{"y" * 58}…']),
    ],
)
def test_differences_are_named(classic: object, native: object, expected: list[str]):
    assert fields_but("variant")(classic, native) == expected


def test_many_differences_are_counted():
    found = fields_but()(list(range(200)), list(range(1, 201)))
    assert len(found) == MAX_NAMED + 1
    assert found[-1] == "and 150 more"


def test_every_answer_has_a_form_in_json():
    value = {b"\xff": {"b", "a"}, "path": Path("x"), "secret": Secret("geheim"), "day": date(2026, 1, 2), "of": ONE}
    plain = as_json(value)
    assert isinstance(plain, dict)
    assert plain.pop("of") == {name: getattr(ONE, name) for name in ONE.__match_args__}
    assert plain == {"\\xff": ["a", "b"], "path": "x", "secret": "<Secret>", "day": "2026-01-02"}
