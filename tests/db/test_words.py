"""The words after `db`."""

from __future__ import annotations

import pytest

from boombap.db import words
from boombap.errors import UsageError


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
    assert words.parts(words.parse(line.split(), "boombap db")) == parts


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
        words.parse(line.split(), "boombap db")


def test_an_empty_address_does_not_fall_back_to_the_configured_one():
    with pytest.raises(UsageError, match="--dsn is empty"):
        words.parse(["--dsn", " "], "boombap db")


@pytest.mark.parametrize(
    "line", ["-n 0", "-n x", "-n 100001", "-n ٣", "--fail-on worst", "--format xml", "vacuum", "--quic"]
)
def test_unknown_words_are_told_in_one_line(line: str):
    with pytest.raises(UsageError, match="--help"):
        words.parse(line.split(), "boombap db")
