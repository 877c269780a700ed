"""Frozen values: what a frozen dataclass of the same fields does, a Record does."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.record import Record


class Crate(Record):
    label: str
    records: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Twin:
    label: str
    records: int = 0
    tags: tuple[str, ...] = ()


class Box(Crate):
    width: float = 1.0


LABELS, NUMBERS, TAGS = st.text(), st.integers(), st.lists(st.text()).map(tuple)


@given(LABELS, NUMBERS, TAGS)
def test_it_is_as_a_frozen_dataclass(label: str, records: int, tags: tuple[str, ...]):
    ours, twin = Crate(label, records, tags=tags), Twin(label, records, tags=tags)
    assert repr(ours).replace("Crate", "Twin") == repr(twin)
    assert (ours == Crate(label, records, tags), hash(ours)) == (True, hash(Crate(label, records, tags)))
    assert ours.replace(label="x").label == replace(twin, label="x").label
    assert (ours == twin, ours != Crate(label, records + 1, tags)) == (False, True)


def test_defaults_are_taken():
    assert Crate("a") == Crate("a", 0, ())
    assert Crate(label="a", tags=("b",)).records == 0


@pytest.mark.parametrize(
    ("arguments", "named"), [((), {}), (("a", 1, (), 2), {}), (("a",), {"label": "b"}), (("a",), {"lable": "b"})]
)
def test_what_does_not_fit_is_refused_as_by_a_function(arguments: tuple[object, ...], named: dict[str, object]):
    for kind in (Crate, Twin):
        with pytest.raises(TypeError, match=r"__init__\(\) (missing|takes|got)"):
            kind(*arguments, **named)  # type: ignore[arg-type]


def test_a_field_without_a_default_after_one_with_a_default_is_a_mistake():
    class Wrong(Record):
        first: int = 0
        second: int

    with pytest.raises(TypeError, match="Wrong: a field without a default follows one with a default"):
        Wrong(1, 2)  # type: ignore[call-arg]


def test_it_does_not_change():
    crate = Crate("a")
    with pytest.raises(AttributeError, match="Crate is frozen: label"):
        crate.label = "b"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del crate.label
    with pytest.raises(FrozenInstanceError):
        Twin("a").label = "b"  # type: ignore[misc]
    with pytest.raises(TypeError, match="unexpected keyword argument 'width'"):
        crate.replace(width=2)


def test_a_subclass_has_fields_of_its_own():
    assert Crate("used before")
    assert Box(2.0).width == 2.0
    assert Box() == Box(1.0)


def test_it_matches_by_position():
    match Crate("a", 2):
        case Crate(label, records):
            assert (label, records) == ("a", 2)
