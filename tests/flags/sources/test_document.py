"""What is read as a flag, and what is refused with a reason instead of a guess."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.flags.model import NAMES, Definition
from boombap.flags.sources.document import Malformed, definition, definitions, empty, parse, with_percent

FLAG = with_percent({}, 2500)


def text(flag: Any = FLAG, **more: Any) -> str:
    return json.dumps({"flags": {"db-engine": flag}, **more})


def changed(**keys: Any) -> dict[str, Any]:
    return {**FLAG, **keys}


def fractional(*parts: Any) -> dict[str, Any]:
    return changed(targeting={"fractional": list(parts)})


@pytest.mark.parametrize(
    ("flag", "percent"),
    [
        (FLAG, 25.0),
        (changed(targeting={}), 0.0),
        (changed(targeting=None, defaultVariant="native"), 100.0),
        (fractional(["native", 1], ["classic", 3]), 25.0),
        (fractional(["native"], ["classic"]), 50.0),
        (fractional(["native", -5], ["classic", 3]), 0.0),
        (fractional(["native", 0], ["classic", 0]), 0.0),
        (fractional(["native", 2**31 - 1]), 100.0),
        (with_percent({}, 1), 0.01),
        (with_percent({}, 10_000), 100.0),
    ],
)
def test_share_of_native(flag: dict[str, Any], percent: float):
    assert definitions(parse(text(flag)))["db-engine"].percent == percent


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        ("on", "db-engine is not an object"),
        (changed(state="on"), "state of db-engine"),
        (changed(state=["ENABLED"]), "state of db-engine"),
        (changed(variants={"native": 1}), "does not have the variants native and classic"),
        (changed(variants=[]), "does not have the variants native and classic"),
        (changed(defaultVariant="old"), "defaultVariant of db-engine"),
        (changed(defaultVariant=["native"]), "defaultVariant of db-engine"),
        (changed(targeting={"if": []}), "is not one `fractional`"),
        (changed(targeting=["fractional"]), "is not one `fractional`"),
        (changed(targeting={"fractional": {}}), "is not a list of weights"),
        (fractional({"var": "tenant"}, ["native", 1]), "is not [variant, weight]"),
        (fractional(["native", 1, 2]), "is not [variant, weight]"),
        (fractional(["fast", 1]), "is not one of its variants"),
        (fractional(["native", "1"]), "is not a whole number"),
        (fractional(["native", 1.5]), "is not a whole number"),
        (fractional(["native", True]), "is not a whole number"),
        (fractional(["native", 2**31]), "more than 2,147,483,647"),
    ],
)
def test_a_flag_that_is_not_one_is_named(flag: Any, reason: str):
    with pytest.raises(Malformed) as caught:
        parse(text(flag))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ('{"flags": {', "not valid JSON (line 1, column 12)"),
        ("", "not valid JSON"),
        (b'{"flags": "\xff"}', "UTF-8"),
        ("9" * 5000, "not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("[]", "not a JSON object"),
        ("{}", "no object `flags`"),
        ('{"flags": []}', "no object `flags`"),
        (text(metadata={"hashing": "flagd-core-1.0.0"}), "another hashing scheme"),
        (text(metadata=[]), "another hashing scheme"),
    ],
)
def test_a_document_that_is_not_one_is_named(document: str | bytes, reason: str):
    with pytest.raises(Malformed) as caught:
        parse(document)
    assert reason in str(caught.value)


def test_a_flag_of_another_program_is_not_read():
    document = parse(json.dumps({"flags": {"web-colour": {"targeting": {"if": []}}, "db-engine": FLAG}}))
    assert list(definitions(document)) == ["db-engine"]


@pytest.mark.parametrize("hundredths", [0, 1, 50, 100, 2500, 2550, 10_000])
def test_a_percentage_keeps_what_else_the_flag_says(hundredths: int):
    flag = with_percent({**FLAG, "metadata": {"owner": "web"}, "defaultVariant": "native"}, hundredths)
    assert (flag["metadata"], flag["defaultVariant"]) == ({"owner": "web"}, "native")
    assert definition("db-engine", flag).percent == hundredths / 100


@pytest.mark.parametrize(
    ("hundredths", "parts"),
    [
        (0, [["native", 0], ["classic", 100]]),
        (2500, [["native", 25], ["classic", 75]]),
        (2550, [["native", 2550], ["classic", 7450]]),
        (10_000, [["native", 100], ["classic", 0]]),
    ],
)
def test_native_comes_first_and_the_total_is_fixed(hundredths: int, parts: list[Any]):
    assert with_percent({}, hundredths)["targeting"] == {"fractional": parts}


def test_a_flag_that_is_set_is_switched_on():
    assert definition("db-engine", with_percent(changed(state="DISABLED"), 100)).is_enabled


@given(st.sampled_from(NAMES), st.text(min_size=1), st.integers(0, 10_000), st.integers(0, 10_000))
def test_who_is_in_stays_in(name: str, key: str, before: int, after: int):
    """Also where one of two percentages needs hundredths: both totals cut the hash at the same place."""
    low, high = sorted((before, after))
    variants = [definition(name, with_percent({}, share)).answer(key)[0] for share in (low, high)]
    assert variants != ["native", "classic"]


@pytest.mark.parametrize(
    ("flag", "key", "expected"),
    [
        (Definition("db-engine", "classic"), "x", ("classic", "STATIC")),
        (Definition("db-engine", "classic", (("native", 1),)), "", ("classic", "DEFAULT")),
        (Definition("db-engine", "native", (("native", 0), ("classic", 0))), "x", ("native", "DEFAULT")),
        (Definition("db-engine", "classic", (("native", 1),)), "x", ("native", "TARGETING_MATCH")),
    ],
)
def test_answer_and_reason(flag: Definition, key: str, expected: tuple[str, str]):
    assert flag.answer(key) == expected


def test_a_new_document_is_readable():
    assert definitions(parse(json.dumps(empty()))) == {}
