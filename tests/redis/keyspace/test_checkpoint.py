"""Where a killed job goes on: only the same job, and only in the same life of the server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from boombap.redis.keyspace.checkpoint import Checkpoint, ScanPosition

if TYPE_CHECKING:
    from pathlib import Path

JOB = ("127.0.0.1:6379", "purge", b"lyrics:*")
MARK = ScanPosition("life 1", 4711)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which a killed job has left its checkpoint."""
    left = Checkpoint(tmp_path / "checkpoints", *JOB)
    left.put("db 0", MARK)
    left.write()
    return tmp_path / "checkpoints"


def test_the_same_job_goes_on(folder: Path):
    again = Checkpoint(folder, *JOB)
    assert again.read()
    assert again.at("life 1", "db 0") == MARK
    assert again.at("life 1", "db 1") is None


def test_a_server_that_was_started_anew_is_walked_from_the_beginning(folder: Path):
    """Its keys lie in another order: with the old cursor some would never be seen, and the job would look finished."""
    again = Checkpoint(folder, *JOB)
    assert again.read()
    assert again.at("life 2", "db 0") is None


@pytest.mark.parametrize(
    "job",
    [
        ("127.0.0.1:6379", "purge", b"artist:*"),
        ("127.0.0.1:6379", "expire", b"lyrics:*"),
        ("127.0.0.1:6380", "purge", b"lyrics:*"),
        ("127.0.0.1:6379", "purge", b"lyrics:*", 3),
    ],
)
def test_another_job_begins_anew(folder: Path, job: tuple[object, ...]):
    """A cursor of another pattern or server would leave out all keys before it."""
    assert not Checkpoint(folder, *job).read()


def test_what_is_done_leaves_nothing(folder: Path):
    Checkpoint(folder, *JOB).remove()
    assert list(folder.iterdir()) == []
    assert not Checkpoint(folder, *JOB).read()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"db 0": 3}', '{"db 0": ["life 1"]}', '{"db 0": ["l", "x", 0]}'])
def test_a_damaged_journal_counts_as_none(folder: Path, content: str):
    (file,) = folder.iterdir()
    file.write_text(content)
    again = Checkpoint(folder, *JOB)
    assert not again.read()
    assert again.at("life 1", "db 0") is None


def test_only_its_owner_reads_it(folder: Path):
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def written(folder: Path, keys: int | None = None) -> Checkpoint:
    checkpoint = Checkpoint(folder, "a")
    checkpoint.put("db 0", ScanPosition("life 1", 7, None, keys))
    checkpoint.write()
    return Checkpoint(folder, "a")


def test_what_was_counted_long_ago_is_not_resumed(tmp_path: Path):
    written(tmp_path)
    in_an_hour = Checkpoint(tmp_path, "a", now=lambda: time.time() + 3600)
    assert not in_an_hour.read(600)
    assert in_an_hour.read(7200)
    assert in_an_hour.began_s
    assert abs(in_an_hour.began_s - time.time()) < 60


@pytest.mark.parametrize(
    ("before", "now", "is_resumed"), [(300_000, 1, False), (1000, 1900, True), (10**6, 1_050_000, True)]
)
def test_a_server_that_was_emptied_or_filled_is_scanned_again(tmp_path: Path, before: int, now: int, is_resumed: bool):
    checkpoint = written(tmp_path, before)
    assert checkpoint.read()
    assert (checkpoint.at("life 1", "db 0", keys=now) is not None) == is_resumed


def test_positions_of_another_layout_are_dropped(tmp_path: Path):
    checkpoint = written(tmp_path)
    assert checkpoint.read()
    checkpoint.layout = "a:0-5"
    checkpoint.settle("a:0-5")
    assert checkpoint.at("life 1", "db 0")
    checkpoint.settle("a:0-4")
    assert checkpoint.at("life 1", "db 0") is None


def test_a_file_of_another_job_under_the_same_name_is_not_used(folder: Path):
    """Names are short; what counts is the job in the file."""
    other = Checkpoint(folder, "another job")
    other.write()
    (left,) = [file for file in folder.iterdir() if "another job" in file.read_text()]
    left.write_text(next(file for file in folder.iterdir() if file != left).read_text())
    assert not Checkpoint(folder, "another job").read()
