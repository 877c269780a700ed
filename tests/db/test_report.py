"""The views as a person reads them, compared with the texts in expected/; read those when they change."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import views
from boombap.db import report
from boombap.db.fleet import Failure
from boombap.db.model import Absent, Health, Tracks, Unanalyzed
from boombap.db.snapshot import Change
from boombap.output.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

EXPECTED = Path(__file__).parent / "expected"
DARK = Absent("no permission: watcher needs SELECT on the table", is_failure=False)
FAILED = Failure("h:5432/db", "staging", "PostgreSQL at h:5432/db refused the connection")
SINCE = "2026-11-22T12:00:00+00:00"


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(io.StringIO(), io.StringIO())


VIEWS = {
    "full": lambda on: report.lines(views.FULL, on),
    "healthy": lambda on: report.lines(
        views.diagnosis(health=Health((), (), (), (), 31), unanalyzed=Unanalyzed("qwen", 0, ()), is_pooled=False), on
    ),
    "absent": lambda on: report.lines(
        views.diagnosis(tracks=DARK, analyzers=DARK, connections=None, tables=None, unanalyzed=DARK, health=None), on
    ),
    "estimates": lambda on: report.lines(
        views.diagnosis(
            tracks=Tracks(57_000, 56_000, 34_000, 4_300, None, is_estimate=True),
            analyzers=(),
            connections=None,
            tables=None,
            unanalyzed=None,
            health=None,
        ),
        on,
    ),
    "fleet": lambda on: report.fleet_lines([views.diagnosis(name="quiet", health=None), views.FULL, FAILED], on),
    "slow": lambda on: report.slow_lines(views.STATEMENTS, None, on),
    "slow_since": lambda on: report.slow_lines(views.STATEMENTS, SINCE, on),
    "locks": lambda on: report.lock_lines(views.BLOCKED, on),
    "no_locks": lambda on: report.lock_lines((), on),
    "diff": lambda on: report.change_lines(
        (
            Change("tracks.total", 1000, 1001),
            Change("tracks.artists", None, 12),
            Change("finding unused_index public.x", None, 1),
            Change("finding blocking pid 1", 1, None),
        ),
        SINCE,
    ),
    "no_diff": lambda on: report.change_lines((), SINCE),
    "columns": lambda on: report.column_lines(views.FULL.tables),
}


def text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_as_expected(name: str, terminal: Terminal):
    assert text(VIEWS[name](terminal)) == (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")


def test_every_expected_text_is_compared():
    assert {file.stem for file in EXPECTED.glob("*.txt")} == set(VIEWS)


@pytest.mark.parametrize("name", VIEWS)
def test_no_view_lets_data_steer_the_terminal(name: str, terminal: Terminal):
    assert all(line.isprintable() for line in VIEWS[name](terminal))
