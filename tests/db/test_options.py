"""The options of `db`: which parts they ask for, and what does not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.command.parse import parse
from boombap.db import options
from boombap.db.cli import TOOL
from boombap.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace


def parsed(*argv: str) -> Namespace:
    return parse(TOOL, argv, "boombap db")[1]


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("", {"tracks", "analyzers", "connections", "tables", "unanalyzed", "health"}),
        ("--quick", {"tracks", "analyzers", "connections"}),
        ("--quick --schema", {"tracks", "analyzers", "connections", "tables"}),
        ("--schema --connections", {"tables", "connections"}),
        ("--analysis", {"tracks", "analyzers"}),
        ("health", {"health"}),
        ("health --schema", {"health", "tables"}),
    ],
)
def test_options_to_parts(line: str, parts: set[str]):
    assert options.parts(parsed(*line.split())) == parts


@pytest.mark.parametrize(
    "line",
    [
        "snapshot",
        "snapshot keep",
        "snapshot save one two",
        "snapshot save ../there",
        "snapshot save café",
        "health more",
        "slow --all-dbs",
        "locks --targets f",
        "--targets f --dsn d",
        "locks --format csv",
        "snapshot diff --format csv",
        "--analyzer x",
        "health --quick",
    ],
)
def test_contradictions_are_refused(line: str):
    with pytest.raises(UsageError):
        parsed(*line.split())


def test_an_empty_address_does_not_fall_back_to_the_configured_one():
    with pytest.raises(UsageError, match="--dsn is empty"):
        options.flags(parsed("--dsn", " "))


@pytest.mark.parametrize(
    "line", ["-n 0", "-n x", "-n 100001", "-n ٣", "--fail-on worst", "--format xml", "--lock", "locks -n"]
)
def test_unknown_words_are_told_in_one_line(line: str):
    with pytest.raises(UsageError, match=r"see `boombap db|did you mean|it is an option of"):
        parsed(*line.split())
