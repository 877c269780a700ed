"""Numbers kept in a file, and what has changed since."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import views
from boombap.db import snapshot
from boombap.db.model import Absent, Statement
from boombap.db.snapshot import Change, Snapshot
from boombap.errors import ExternalError, NotFound

if TYPE_CHECKING:
    from pathlib import Path

MONDAY = snapshot.of(views.FULL, views.STATEMENTS)


def test_what_is_kept():
    assert MONDAY.numbers == {
        "tracks.total": 57_718,
        "tracks.with_lyrics": 57_000,
        "tracks.artists": 4_321,
        "analyzer.simplified_features.rows": 115_434,
        "analyzer.キング 🎤.rows": 27,
        "table.tracks.bytes": 165_000_000,
        "database.bytes": 1_234_567_890,
    }
    assert MONDAY.findings[0] == "sequence_overflow public.tracks_id_seq"


def test_absent_parts_are_not_kept():
    dark = Absent("locked")
    kept = snapshot.of(views.diagnosis(tracks=dark, analyzers=dark, tables=dark, health=None))
    assert (set(kept.numbers), kept.findings) == ({"database.bytes"}, ())


def test_it_comes_back_as_it_went(tmp_path: Path):
    file = snapshot.path(tmp_path / "data", "h:5432/db", "monday")
    snapshot.save(MONDAY, file)
    assert snapshot.load(file) == MONDAY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["monday.json"]


def test_saving_again_replaces(tmp_path: Path):
    file = snapshot.path(tmp_path, "h:5432/db", "monday")
    for at in ("1", "2"):
        snapshot.save(Snapshot(at, {}, (), {}), file)
    assert snapshot.load(file).taken_at == "2"


def test_a_missing_one_is_named(tmp_path: Path):
    with pytest.raises(NotFound, match="no snapshot 'monday'"):
        snapshot.load(snapshot.path(tmp_path, "h:5432/db", "monday"))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '"x"', "\x00", '{"schema": "boombap.db.snapshot/9"}', '{"schema": "boombap.db.snapshot/1"}'],
)
def test_a_file_that_is_no_snapshot_is_an_error(tmp_path: Path, text: str):
    file = tmp_path / "x.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ExternalError, match="is not a snapshot of this version"):
        snapshot.load(file)
    assert snapshot.rows_before(file) == {}


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path):
    (tmp_path / "db").write_text("a file in the way", encoding="utf-8")
    with pytest.raises(ExternalError, match=r"check paths\.data"):
        snapshot.save(MONDAY, snapshot.path(tmp_path, "h:5432/db", "monday"))


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_name_leads_out_of_the_folder(target: str, name: str):
    from pathlib import Path

    file = snapshot.path(Path("/data"), target, name)
    assert file.parent.parent == Path("/data/db")
    assert ".." not in file.parts


def test_each_target_has_its_own(tmp_path: Path):
    places = {snapshot.path(tmp_path, target, "x") for target in ("h:1/a", "h:1/b", "h_1/a", "h:1_a")}
    assert len(places) == 4


def test_changes_are_numbers_then_findings_that_came_then_those_that_went():
    before = Snapshot("1", {"a": 1, "b": 2, "c": 3}, ("x one", "y two"), {})
    now = Snapshot("2", {"a": 1, "b": 5, "d": 4}, ("y two", "z three"), {})
    assert snapshot.changes(before, now) == (
        Change("b", 2, 5),
        Change("c", 3, None),
        Change("d", None, 4),
        Change("finding z three", None, 1),
        Change("finding x one", 1, None),
    )


numbers = st.dictionaries(st.text(max_size=3), st.integers(), max_size=5)


@given(numbers, numbers)
def test_changes_lead_from_one_snapshot_to_the_other(before: dict[str, int], now: dict[str, int]):
    changed = dict(before)
    for one in snapshot.changes(Snapshot("1", before, (), {}), Snapshot("2", now, (), {})):
        if one.now is None:
            del changed[one.name]
        else:
            changed[one.name] = one.now
    assert changed == now


def test_statements_since_hold_only_what_ran_since():
    before = Snapshot("1", {}, (), {"a": (10, 100.0, 10), "b": (5, 50.0, 5), "reset": (100, 9.0, 1)})
    now = [
        Statement("a", "A", 12, 130.0, 14, 99.0),
        Statement("b", "B", 5, 50.0, 5, None),
        Statement("new", "N", 1, 500.0, 0, None),
        Statement("reset", "R", 3, 6.0, 1, None),
    ]
    assert [(one.id, one.calls, one.total_ms, one.rows) for one in snapshot.statements_since(before, now)] == [
        ("new", 1, 500.0, 0),
        ("a", 2, 30.0, 4),
        ("reset", 3, 6.0, 1),
    ]


def test_rows_before_are_those_of_the_analyzers(tmp_path: Path):
    snapshot.save(MONDAY, tmp_path / "x.json")
    assert snapshot.rows_before(tmp_path / "x.json") == {"simplified_features": 115_434, "キング 🎤": 27}
