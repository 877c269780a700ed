from __future__ import annotations

import resource
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from boombap.deps.verdicts.store import create_store, open_store
from boombap.errors import AccessDenied, BoombapError, ExternalError, NoVerdict, RetryLater
from deps.osv import TRUTH, database
from deps.verdicts.images import BAD, GOOD, NONE, judged, recorded

if TYPE_CHECKING:
    from pathlib import Path


def test_a_verdict_comes_back_as_it_was_put(tmp_path: Path):
    verdict = judged(database(tmp_path, TRUTH), BAD, "0.104.1")
    with closing(create_store(tmp_path / "verdicts.db")) as store:
        store.put(verdict)
        assert store.verdict(BAD, "") == verdict.replace(revision=1)
        assert store.decision(BAD, "") == verdict.decision
        assert (store.verdict(NONE, ""), store.decision(BAD, "staging")) == (None, None)


def test_the_file_and_its_folder_are_private(tmp_path: Path):
    path = recorded(tmp_path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_judgement_does_not_replace_what_was_recorded_since(tmp_path: Path):
    verdict = judged(database(tmp_path, TRUTH), GOOD, "0.110.0")
    with closing(create_store(tmp_path / "verdicts.db")) as store:
        store.put(verdict)
        read = store.verdict(GOOD, "")
        assert read
        store.put(judged(str(tmp_path / "db"), GOOD, "0.104.1"))
        assert not store.replace(read)
        decision = store.decision(GOOD, "")
        assert decision
        assert decision.word == "fail"


def test_a_copy_of_the_file_has_what_was_put_while_others_read(tmp_path: Path):
    path, copied = recorded(tmp_path), tmp_path / "copy.db"
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM verdicts").fetchone()
        with closing(create_store(path)) as store:
            store.put(judged(str(tmp_path / "db"), GOOD, "0.104.1"))
        shutil.copyfile(path, copied)
    store = open_store(copied)
    assert store
    with closing(store):
        decision = store.decision(GOOD, "")
    assert decision
    assert decision.word == "fail"


def test_no_file_is_no_database(tmp_path: Path):
    assert open_store(tmp_path / "verdicts.db") is None


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path):
    path = recorded(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE verdicts SET word = 'fail'")
        store = open_store(path, wait_s=0)
        assert store
        with closing(store):
            decision = store.decision(GOOD, "")
            assert decision
            assert decision.word == "pass"


def test_a_locked_database_says_so(tmp_path: Path):
    path = recorded(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(create_store(path, wait_s=0)) as store, pytest.raises(RetryLater, match="locked"):
            store.put(judged(str(tmp_path / "db"), GOOD, "0.110.0"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE verdicts SET audited = 9")
        with pytest.raises(RetryLater, match="locked"):
            open_store(path, wait_s=0)


def test_a_database_of_another_version_says_so(tmp_path: Path):
    path = recorded(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=2")
    for opening in (open_store, create_store):
        with pytest.raises(NoVerdict, match="another version"):
            opening(path)


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"SQLite format 3\0" + b"\0" * 4096])
def test_what_is_not_a_verdict_database_is_never_an_answer(content: bytes, tmp_path: Path):
    path = tmp_path / "verdicts.db"
    path.write_bytes(content)
    with pytest.raises(ExternalError, match="cannot be read"):
        open_store(path)


def test_a_database_of_somebody_else_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "verdicts.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (id)")
    before = path.read_bytes()
    with pytest.raises(ExternalError, match="not a verdict database"):
        create_store(path)
    assert path.read_bytes() == before


def test_every_cut_of_the_file_is_an_error_or_the_answer(tmp_path: Path):
    path = recorded(tmp_path)
    content = path.read_bytes()
    for size in range(0, len(content), 512):
        path.write_bytes(content[:size])
        try:
            store = open_store(path)
            assert store
            with closing(store):
                decision = store.decision(GOOD, "")
        except BoombapError as error:
            assert error.hint  # noqa: PT017 - most cuts are errors, those of unused pages are not
        else:
            assert decision
            assert decision.word == "pass"


@pytest.mark.parametrize("column", ["reasons", "findings", "policy", "reading"])
def test_a_damaged_row_is_an_error(column: str, tmp_path: Path):
    path = recorded(tmp_path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE verdicts SET {column} = '[' WHERE digest = ?", (GOOD,))
    store = open_store(path)
    assert store
    with closing(store), pytest.raises(ExternalError, match="cannot be read"):
        store.verdict(GOOD, "")


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AccessDenied, match="cannot be written"):
        create_store(tmp_path / "file" / "verdicts.db")


def test_a_full_disk_is_not_a_damaged_file(tmp_path: Path):
    verdict = judged(database(tmp_path, TRUTH), BAD, "0.104.1")
    path = recorded(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))  # Python ignores SIGXFSZ
    try:
        with pytest.raises(ExternalError, match="cannot be used") as refused, closing(create_store(path)) as store:
            store.put(verdict)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "check the disk and its free space" in (refused.value.hint or "")
    with closing(create_store(path)) as store:
        assert store.decision(GOOD, "")


def test_a_path_that_cannot_be_looked_at_is_not_an_absent_file(tmp_path: Path):
    with pytest.raises(AccessDenied, match="cannot be used"):
        open_store(tmp_path / ("x" * 300))
