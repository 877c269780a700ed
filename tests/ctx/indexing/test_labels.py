"""What an answer is called: the name and the kind are those of one definition."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.ctx.answers.grep import grep
from boombap.ctx.indexing import labels
from boombap.ctx.indexing.labels import Label
from boombap.ctx.model import Definition
from boombap.ctx.structure.languages import LANGUAGES
from ctx.repositories import ask, indexed, repository

if TYPE_CHECKING:
    from boombap.ctx.model import Hit

ENHANCER = '''import logging

logger = logging.getLogger(__name__)


class Enhancer:
    """Adds data to a song."""

    def run(self):
        return 1
'''
SCHEMA = Path(__file__).parents[3] / "docs" / "reference" / "schemas" / "ctx-search.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(
        tmp_path / "songs", {"enhancer.py": ENHANCER, "notes.md": "# Getting started\n\nRead the manual.\n"}
    )


def called(hit: Hit) -> tuple[str, str]:
    return hit.symbol, hit.kind


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("adds data to a song", ("Enhancer", "class")),
        ("Enhancer", ("Enhancer", "class")),
        ("logger", ("logger", "constant")),
        ("run", ("Enhancer.run", "method")),
        ("getting started manual", ("Getting started", "section")),
    ],
)
def test_name_and_kind_are_of_one_definition(root: Path, query: str, expected: tuple[str, str]) -> None:
    assert called(ask(root, query)[0]) == expected


@pytest.mark.parametrize(
    ("line", "symbol"),
    [("^import logging", ""), ("^logger", "logger"), ("Adds data", "Enhancer"), ("return 1", "Enhancer.run")],
)
def test_a_line_is_named_after_the_definition_around_it(root: Path, line: str, symbol: str) -> None:
    assert called(grep(indexed(root), line)[0]) == (symbol, "line")


def test_a_part_of_a_long_function_has_its_name(tmp_path: Path) -> None:
    body = "".join(f"        step_{number} = {'x' * 60!r}\n\n" for number in range(80))
    root = repository(tmp_path / "long", {"a.py": f"class Line:\n    def produce(self):\n{body}"})
    assert called(grep(indexed(root), "step_79")[0]) == ("Line.produce", "line")
    assert called(ask(root, "step_79")[0]) == ("Line.produce", "method")


def test_the_schema_names_every_kind() -> None:
    kinds = set(json.loads(SCHEMA.read_text())["$defs"]["hit"]["properties"]["kind"]["enum"])
    internal = {"variable", "assigned", "dsl", "class_"}
    assert {kind for language in LANGUAGES for kind in language.defines.values()} - internal <= kinds
    assert {"line", "text", "section", "key"} <= kinds


words = st.text("abc _.日", min_size=1).map(lambda text: " ".join(text.split())).filter(bool)
definitions = st.builds(
    Definition, name=words, kind=st.sampled_from(["class", "method"]), start=st.integers(1, 9), end=st.integers(1, 9)
)


@given(st.lists(definitions, max_size=6))
def test_labels_survive_the_column(made: list[Definition]) -> None:
    assert labels.read(labels.joined(made)) == [Label(one.start, one.end, one.kind, one.name) for one in made]
