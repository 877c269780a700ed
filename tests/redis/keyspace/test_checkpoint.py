"""Where a killed job goes on: only the same job, and only in the same life of the server."""

from __future__ import annotations

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
    assert again.at("db 0", "life 1") == MARK
    assert again.at("db 1", "life 1") is None


def test_a_server_that_was_started_anew_is_walked_from_the_beginning(folder: Path):
    """Its keys lie in another order: with the old cursor some would never be seen, and the job would look finished."""
    again = Checkpoint(folder, *JOB)
    assert again.read()
    assert again.at("db 0", "life 2") is None


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
    Checkpoint(folder, *JOB).forget()
    assert list(folder.iterdir()) == []
    assert not Checkpoint(folder, *JOB).read()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"db 0": 3}', '{"db 0": ["life 1"]}', '{"db 0": ["l", "x", 0]}'])
def test_a_damaged_journal_counts_as_none(folder: Path, content: str):
    (file,) = folder.iterdir()
    file.write_text(content)
    again = Checkpoint(folder, *JOB)
    assert not again.read()
    assert again.at("db 0", "life 1") is None


def test_only_its_owner_reads_it(folder: Path):
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
