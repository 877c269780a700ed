"""The file of outcomes: what is kept, what is dropped, and that no process waits long for another."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from boombap.flags.model import MAX_OUTCOMES
from boombap.flags.outcomes import LOCK_S, BreakerState, Outcome, Outcomes, added, change, read

if TYPE_CHECKING:
    from pathlib import Path

DB = "db-engine"
_ADD = """
import sys
from pathlib import Path
from boombap.flags.outcomes import Outcome, added, change
sys.exit(not change(Path(sys.argv[1]), "db-engine", lambda kept: kept.replace(
    native=added(kept.native, Outcome(float(sys.argv[2]), 0.5, False))), limit_s=30))
"""
_HOLD = """
import fcntl, os, signal, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600), fcntl.LOCK_EX)
print("locked", flush=True)
signal.pause()
"""


def add(state: Path, at_s: float = 1.0, notes: list[str] | None = None) -> bool:
    def edit(kept: Outcomes) -> Outcomes:
        return kept.replace(native=added(kept.native, Outcome(at_s, 0.25, is_failure=False)))

    return change(state, DB, edit, (notes if notes is not None else []).append)


def file(state: Path) -> Path:
    return state / "engines" / f"{DB}.json"


def test_what_was_never_written_is_empty_and_leaves_nothing(tmp_path: Path):
    assert read(tmp_path, DB) == Outcomes()
    assert not file(tmp_path).parent.exists()


def test_what_is_written_is_read(tmp_path: Path):
    outcomes = Outcomes(
        (Outcome(10.0, 0.5, is_failure=True),),
        (Outcome(11.0, 0.25, is_failure=False),),
        3,
        BreakerState(is_open=True, since_s=12.5, reason="5 failures in a row", turns=7, counted=1),
    )
    assert change(tmp_path, DB, lambda _: outcomes)
    assert read(tmp_path, DB) == outcomes
    assert read(tmp_path, "ctx-engine") == Outcomes()


def test_the_latest_outcomes_are_kept(tmp_path: Path):
    rows = tuple(Outcome(float(number), 0.1, is_failure=False) for number in range(MAX_OUTCOMES))
    change(tmp_path, DB, lambda kept: kept.replace(native=rows))
    add(tmp_path, 1000.0)
    kept = read(tmp_path, DB).native
    assert (len(kept), kept[0].at_s, kept[-1].at_s) == (MAX_OUTCOMES, 1.0, 1000.0)
    assert len(json.loads(file(tmp_path).read_text())["native"]) == MAX_OUTCOMES


def test_what_is_left_is_for_the_owner_only(tmp_path: Path):
    add(tmp_path)
    folder = file(tmp_path).parent
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def document(**changes: Any) -> str:
    breaker = {"is_open": False, "since_s": 0, "reason": "", "turns": 0, "counted": 0}
    whole = {"format": "boombap.outcomes/1", "native": [], "classic": [], "lost": 0, "breaker": breaker}
    return json.dumps(whole | changes)


FOREIGN = {
    "torn": document()[:40],
    "empty": "",
    "binary": "\0\1",
    "a list": "[]",
    "a number": "7",
    "of another format": document(format="boombap.outcomes/9"),
    "without a part": '{"format": "boombap.outcomes/1"}',
    "too deep": "[" * 50_000,
    "too large": document() + " " * 10**6,
    "rows that are not rows": document(native=[1]),
    "a row that is short": document(native=[[1, 2]]),
    "a negative duration": document(native=[[1, -2, False]]),
    "a duration that is not a number": document(native=[[1, float("nan"), False]]),
    "a text for a time": document(classic=[["1", 2, False]]),
    "a number for a flag": document(classic=[[1, 2, 0]]),
    "a negative count": document(lost=-1),
    "a breaker that is not one": document(breaker=[]),
    "a number that no clock has": document(native=[[10**400, 1, False]]),
    "an endless number": '{"format": ' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_torn_and_foreign_content_is_dropped_with_a_note(tmp_path: Path, content: str):
    file(tmp_path).parent.mkdir()
    file(tmp_path).write_text(content)
    notes: list[str] = []
    assert read(tmp_path, DB, notes.append) == Outcomes()
    assert add(tmp_path, notes=notes)
    assert len(read(tmp_path, DB, notes.append).native) == 1
    assert len(notes) == 2
    assert "the outcomes of earlier runs are dropped" in notes[0]


@pytest.mark.parametrize("kind", ["pipe", "folder", "link"])
def test_what_is_not_a_file_is_not_read(tmp_path: Path, kind: str):
    path = file(tmp_path)
    path.parent.mkdir()
    (tmp_path / "other").write_text(document(lost=5))
    {"pipe": lambda: os.mkfifo(path), "folder": path.mkdir, "link": lambda: path.symlink_to("../other")}[kind]()
    notes: list[str] = []
    assert read(tmp_path, DB, notes.append) == Outcomes()
    assert "cannot be used" in notes[0]


def test_a_folder_that_cannot_be_written_loses_the_outcome_with_a_note(tmp_path: Path):
    (tmp_path / "engines").write_text("")
    notes: list[str] = []
    assert not add(tmp_path, notes=notes)
    assert "cannot write" in notes[0]


def test_what_a_killed_process_left_is_overwritten(tmp_path: Path):
    add(tmp_path)
    (file(tmp_path).parent / f".{DB}.part").write_text("half")
    (file(tmp_path).parent / f".{DB}.taken").write_text("..")
    assert add(tmp_path)
    assert (len(read(tmp_path, DB).native), read(tmp_path, DB).lost) == (2, 2)


def test_a_stopped_process_blocks_nobody_for_long_and_the_loss_is_counted(tmp_path: Path):
    add(tmp_path)
    lock = file(tmp_path).parent / f".{DB}.lock"
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(lock)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "locked\n"
        started_s = time.monotonic()
        assert not add(tmp_path)
        assert time.monotonic() - started_s < LOCK_S + 5  # a machine that is busy; not for ever
        assert read(tmp_path, DB).lost == 1
        holder.kill()
    assert add(tmp_path)
    kept = read(tmp_path, DB)
    assert (len(kept.native), kept.lost) == (2, 1)
    assert add(tmp_path)
    assert read(tmp_path, DB).lost == 1


def test_fifty_processes_at_once_lose_nothing(tmp_path: Path):
    words = [sys.executable, "-c", _ADD, str(tmp_path)]
    children = [subprocess.Popen([*words, str(number)]) for number in range(50)]
    while any(child.poll() is None for child in children):
        notes: list[str] = []
        read(tmp_path, DB, notes.append)
        assert notes == []
    assert [child.wait() for child in children] == [0] * 50
    assert sorted(outcome.at_s for outcome in read(tmp_path, DB).native) == list(map(float, range(50)))
