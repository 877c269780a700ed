"""The file of a backup: nothing that a purge has deleted is lost, whatever ends the run."""

from __future__ import annotations

import json
import os
import resource
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backups import items_in
from boombap.errors import ConfigError, ExternalError, Interrupted, UsageError
from boombap.redis.transfer.backup_file import BackupFile
from boombap.redis.transfer.export_format import ExportedKey

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65_534
JOB = "purge y:* at 127.0.0.1:6379, database 0"


def items(*numbers: int, value: bytes = b"v") -> list[ExportedKey]:
    return [ExportedKey(0, b"y:%d" % number, "string", None, value, None) for number in numbers]


def interrupted(path: Path, *numbers: int, job: str = JOB) -> Path:
    """Leave an unfinished file behind, and return its path."""
    file = BackupFile(path, job=job)
    file.__enter__()
    file.save(items(*numbers))
    file.__exit__(Interrupted, Interrupted(15), None)
    return path.with_name(path.name + ".part")


def keys(path: Path) -> list[bytes]:
    return [item.key for item in items_in(path)]


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """Let no file grow over a size, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_an_interrupted_file_is_continued_by_the_same_job(tmp_path: Path):
    shard = interrupted(tmp_path / "b", 1, 2)
    assert (shard.stat().st_mode & 0o777, (tmp_path / "b").exists()) == (0o600, False)
    with BackupFile(tmp_path / "b", job=JOB) as file:
        assert file.continued
        file.save(items(3))
    assert keys(tmp_path / "b") == [b"y:1", b"y:2", b"y:3"]
    assert not shard.exists()


def test_an_interrupted_file_is_continued_although_nothing_is_added(tmp_path: Path):
    shard = interrupted(tmp_path / "b", 1)
    with pytest.raises(Interrupted), BackupFile(tmp_path / "b", job=JOB):
        raise Interrupted(15)
    assert shard.exists()
    with BackupFile(tmp_path / "b", job=JOB):
        pass
    assert keys(tmp_path / "b") == [b"y:1"]


def test_a_cut_first_line_is_started_over(tmp_path: Path):
    whole = interrupted(tmp_path / "b", 1).read_bytes()
    for cut in (b"", whole[:1], whole[:20], whole[: whole.index(b"\n")]):
        (tmp_path / "b.part").write_bytes(cut)
        with BackupFile(tmp_path / "b", job=JOB) as file:
            file.save(items(2))
        assert keys(tmp_path / "b") == [b"y:2"]
        (tmp_path / "b").unlink()


def test_a_damaged_line_is_told_before_anything_is_deleted(tmp_path: Path):
    shard = interrupted(tmp_path / "b", 1, 2)
    lines = shard.read_bytes().splitlines(keepends=True)
    shard.write_bytes(lines[0] + b"garbage\n" + b"".join(lines[1:]))
    before = shard.read_bytes()
    with pytest.raises(ConfigError, match="line 2 of"), BackupFile(tmp_path / "b", job=JOB):
        pass
    assert shard.read_bytes() == before


def test_blank_lines_do_not_matter(tmp_path: Path):
    shard = interrupted(tmp_path / "b", 1)
    shard.write_bytes(shard.read_bytes() + b"\n  \n")
    with BackupFile(tmp_path / "b", job=JOB) as file:
        file.save(items(2))
    assert keys(tmp_path / "b") == [b"y:1", b"y:2"]


def test_a_pipe_or_a_link_is_not_a_backup(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.part")
    (tmp_path / "link.part").symlink_to("/dev/null")
    with pytest.raises(UsageError, match="is not a file"), BackupFile(tmp_path / "pipe", job=JOB):
        pass
    with pytest.raises(ExternalError, match="cannot write"), BackupFile(tmp_path / "link", job=JOB):
        pass


@pytest.mark.parametrize("cut", [b"{", b'{"db": 0, "key": "y:9"', b"x" * 200_000])
def test_a_line_that_was_cut_is_removed_and_no_other(tmp_path: Path, cut: bytes):
    shard = interrupted(tmp_path / "b", 1, 2)
    with shard.open("ab") as file:
        file.write(cut)
    with BackupFile(tmp_path / "b", job=JOB) as backup:
        backup.save(items(3))
    assert keys(tmp_path / "b") == [b"y:1", b"y:2", b"y:3"]


@pytest.mark.parametrize("job", ["", "purge z:* at 127.0.0.1:6379, database 0"])
def test_another_job_does_not_touch_it(tmp_path: Path, job: str):
    shard = interrupted(tmp_path / "b", 1, 2)
    before = shard.read_bytes()
    with pytest.raises(UsageError, match="values of an interrupted run"), BackupFile(tmp_path / "b", job=job):
        pass
    assert shard.read_bytes() == before


def test_a_file_of_an_earlier_version_is_continued_and_never_started_over(tmp_path: Path):
    shard = interrupted(tmp_path / "b", 1)
    lines = shard.read_text().splitlines(keepends=True)
    head = {key: value for key, value in json.loads(lines[0]).items() if key != "job"}
    shard.write_text(json.dumps(head) + "\n" + "".join(lines[1:]))
    with pytest.raises(UsageError, match="interrupted run"), BackupFile(tmp_path / "b"):
        pass
    with BackupFile(tmp_path / "b", job=JOB) as file:
        file.save(items(2))
    assert keys(tmp_path / "b") == [b"y:1", b"y:2"]


def test_a_plain_backup_is_started_over(tmp_path: Path):
    interrupted(tmp_path / "b", 1, 2, job="")
    with BackupFile(tmp_path / "b") as file:
        file.save(items(3))
    assert keys(tmp_path / "b") == [b"y:3"]


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path):
    for text in ("precious\n", "precious", "{}\n", '{"precious": 1}'):
        (tmp_path / "b.part").write_text(text)
        for job in ("", JOB):
            with pytest.raises(UsageError, match="is not an unfinished backup"), BackupFile(tmp_path / "b", job=job):
                pass
        assert (tmp_path / "b.part").read_text() == text


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_folder_that_takes_no_new_file_is_told_at_once():
    """Its unfinished file could be written, but not renamed when the keys are gone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "b"
        shard = interrupted(path, 1)
        os.chown(shard, NOBODY, NOBODY)
        path.parent.chmod(0o555)
        os.seteuid(NOBODY)
        try:
            with pytest.raises(ExternalError, match=r"cannot write .*b\.part: Permission denied"):
                BackupFile(path, job=JOB).__enter__()
        finally:
            os.seteuid(0)


def test_two_runs_do_not_write_one_file(tmp_path: Path):
    with BackupFile(tmp_path / "b", job=JOB) as first:
        with pytest.raises(UsageError, match="another process is writing"), BackupFile(tmp_path / "b", job=JOB):
            pass
        first.save(items(1))
    assert keys(tmp_path / "b") == [b"y:1"]


def test_a_full_disk_leaves_whole_lines_only(tmp_path: Path):
    interrupted(tmp_path / "b", 1)
    with (
        small_disk(10_000),
        pytest.raises(ExternalError, match=r"cannot write .*b\.part"),
        BackupFile(tmp_path / "b", job=JOB) as file,
    ):
        file.save(items(*range(2, 1000)))
    with BackupFile(tmp_path / "b", job=JOB) as file:
        file.save(items(2))
    assert keys(tmp_path / "b") == [b"y:1", b"y:2"]


def test_the_newest_item_comes_first_when_asked(tmp_path: Path):
    with BackupFile(tmp_path / "b") as file:
        file.save(items(1, value=b"old") + items(2) + items(1, value=b"new"))
    found = [(item.key, item.value) for item in items_in(tmp_path / "b", newest_first=True)]
    assert found == [(b"y:1", b"new"), (b"y:2", b"v"), (b"y:1", b"old")]
