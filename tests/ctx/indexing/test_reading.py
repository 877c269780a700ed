"""Files that several processes read: the same index as one process makes, and none is lost with a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from boombap.ctx.indexing import reading
from boombap.ctx.indexing.file_facts import FileFacts
from boombap.ctx.model import Skipped
from ctx.repositories import indexed, repository

TREE: dict[str, str | bytes] = {f"a{number}.py": f"def name{number}(): ...\n" for number in range(9)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path / "tree", TREE | {"image.png": b"\x89PNG\0", "b.md": "# Пул соединений\n"})


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every tree for one of many files, and this machine for one of three processors."""
    monkeypatch.setattr(reading, "FEWEST_FILES", 0)
    monkeypatch.setattr(reading, "_processors", lambda: 3)


def dump(root: Path, cache: Path) -> list[str]:
    index = indexed(root, cache)
    kept = [line for line in index.database.iterdump() if "read_ns" not in line and "now_s" not in line]
    index.close()
    return kept


def test_an_index_is_the_same_whoever_reads(root: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    alone = dump(root, tmp_path / "alone")
    request.getfixturevalue("many")
    assert dump(root, tmp_path / "several") == alone


@pytest.mark.usefixtures("many")
def test_each_file_has_its_own_answer(root: Path) -> None:
    wanted: list[tuple[str, int | None]] = [("a0.py", None), ("image.png", None), ("b.md", None), ("gone.py", None)]
    a0, image, notes, gone = reading.facts(str(root), wanted)
    assert isinstance(a0, FileFacts)
    assert a0.chunks[0].symbols == "name0"
    assert image == Skipped("image.png", "binary")
    assert isinstance(notes, FileFacts)
    assert "соединен" in notes.chunks[0].words
    assert isinstance(gone, Skipped)
    assert list(reading.facts(str(root), [("a0.py", a0.crc)])) == [None]


@pytest.mark.usefixtures("many")
def test_what_a_process_leaves_when_it_ends_is_read_here(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_PROGRAM", "import sys; sys.stdin.buffer.read(); sys.stdout.buffer.write(b'\\x09')")
    found = list(reading.facts(str(root), [(path, None) for path in TREE]))
    assert [one.chunks[0].symbols for one in found if isinstance(one, FileFacts)] == [f"name{n}" for n in range(9)]


@pytest.mark.usefixtures("many")
def test_who_stops_asking_leaves_no_process(root: Path) -> None:
    before = children()
    found = reading.facts(str(root), [(path, None) for path in TREE] * 50)
    next(found)
    readers = children() - before
    assert len(readers) == 3
    found.close()
    assert not children() & readers


def children() -> set[str]:
    return set(Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}/children").read_text().split())


def test_processes_end_with_the_one_that_asked(root: Path) -> None:
    """Even where it is killed and can end nothing."""
    program = (
        "from boombap.ctx.indexing import reading; reading.FEWEST_FILES = 0; reading._processors = lambda: 2\n"
        f"found = reading.facts({str(root)!r}, [('a0.py', None)] * 100_000); next(found)\n"
        "print(open(f'/proc/self/task/{__import__(\"os\").getpid()}/children').read(), flush=True)\n"
        "import time; time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        readers = process.stdout.readline().split()
        os.kill(process.pid, signal.SIGKILL)
    assert len(readers) == 2
    deadline = time.monotonic() + 10
    while not all(map(has_ended, readers)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_ended(number: str) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
