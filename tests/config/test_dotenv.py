"""`.env` files: what people and other programs write into them, and errors that never show a line's text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.config import dotenv
from boombap.errors import ConfigError

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)
GAPS = st.text(" \t", max_size=3)
BARE = st.from_regex(r"[!-~]([ -~]*[!-~])?", fullmatch=True).filter(
    lambda text: text[0] not in "'\"#" and not re.search(r"\s#", text)
)
LINES = st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])


def one(text: str) -> str:
    values = dotenv.parse(text, ".env")
    assert list(values) == ["NAME"]
    return values["NAME"][1]


@given(NAMES, BARE, GAPS, GAPS, st.sampled_from(["", "export ", "  export\t"]))
def test_bare_value_round_trip(name: str, value: str, before: str, after: str, export: str) -> None:
    assert dotenv.parse(f"{export}{name}{before}={after}{value}{before}", ".env") == {name: (1, value)}


@given(
    st.text(st.characters(exclude_characters="'\n\r", exclude_categories=["Cs"])), st.sampled_from(["", " # x", "#x"])
)
def test_single_quotes_keep_everything(value: str, comment: str) -> None:
    assert one(f"NAME='{value}'{comment}") == value


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["", "  ", ' # "x"']))
def test_double_quotes_know_escapes(value: str, comment: str) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    assert one(f'NAME="{escaped}"{comment}') == value


@given(st.dictionaries(NAMES, st.text(LINES).filter(lambda text: "'" not in text)))
def test_file_round_trip_with_line_numbers(values: dict[str, str]) -> None:
    text = "".join(f"# {name}\n\n{name}='{value}'\n" for name, value in values.items())
    expected = {name: (3 * index + 3, value) for index, (name, value) in enumerate(values.items())}
    assert dotenv.parse(text, ".env") == expected


@given(st.text())
def test_any_text_is_read_or_refused_by_its_line(text: str) -> None:
    try:
        dotenv.parse(text, "some/.env")
    except ConfigError as error:
        number = re.fullmatch(
            r"some/\.env:(\d+) is not an assignment; write NAME=value, in matching quotes or none", str(error)
        )
        assert number
        assert 1 <= int(number[1]) <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=", ""),
        ("NAME= # nothing", ""),
        ("NAME=p#1", "p#1"),
        ("NAME=p #1", "p"),
        ("NAME=#1", ""),
        ("NAME=a=b", "a=b"),
        ("NAME=a b", "a b"),
        ("NAME=it's", "it's"),
        ("NAME=$HOME", "$HOME"),
        ("NAME='a' ", "a"),
        ("NAME=a\r", "a"),
        ("NAME=first\nNAME=last", "last"),
    ],
)
def test_value_as_people_write_it(line: str, value: str) -> None:
    assert one(line) == value


@pytest.mark.parametrize(
    "line",
    ["hunter2", "1NAME=hunter2", "NAME='hunter2", 'NAME="hunter2', "NAME='hunter2' x", "NAME-X=hunter2", "=hunter2"],
)
def test_malformed_line_is_named_and_not_shown(line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dotenv.parse(f"# fine\n{line}\n", "/srv/.env")
    assert str(caught.value).startswith("/srv/.env:2 is not an assignment")
    assert "hunter2" not in str(caught.value)
