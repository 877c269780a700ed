from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from boombap.deps.advisories.database import open_database, place
from boombap.deps.advisories.seal import _FIELD, is_sealed, seal
from boombap.deps.audit import audit
from boombap.errors import ExternalError
from deps.osv import database, export, needs, reading, record, take_in

RECORDS = [record(f"PYSEC-{number}", f"p{number}", {"introduced": "0"}, {"fixed": "2"}) for number in range(300)]
NAMES = [needs(f"p{number}", "1") for number in range(300)]
TABLES = ("advisories", "affected", "groups", "ids", "documents", "meta")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a database in which every one of 300 packages has a finding."""
    folder = database(tmp_path, RECORDS)
    assert findings(folder) == len(RECORDS)
    return Path(place(folder, "PyPI"))


def findings(folder: str | Path) -> int:
    return len(audit(reading(*NAMES), str(folder), now_s=time.time()).findings)


def changed(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


def unsealed(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(_FIELD.start)
        opened.write(bytes(4))


def has_seal(file: Path) -> bool:
    with file.open("rb") as opened:
        return is_sealed(opened.fileno())


@pytest.mark.parametrize(
    "statement",
    [
        *(f"DELETE FROM {table}" for table in TABLES),
        "DELETE FROM affected WHERE package = 'p7'",
        "UPDATE affected SET ranges = '' WHERE package = 'p7'",
        "UPDATE meta SET value = 4102444800 WHERE name = 'checked_at_s'",
        "DROP TABLE affected",
        "PRAGMA application_id = 7",
    ],
)
def test_an_edited_database_gives_no_findings_at_all(statement: str, file: Path):
    changed(file, statement)
    with pytest.raises(ExternalError, match="checksum does not fit") as error:
        findings(file.parent)
    assert (error.value.exit_code, "deps sync" in error.value.hint) == (3, True)


@pytest.mark.parametrize("seed", range(40))
def test_bytes_that_change_anywhere_are_noticed(seed: int, file: Path):
    rng, before = random.Random(seed), file.stat()
    with file.open("r+b") as opened:
        opened.seek(rng.randrange(100, before.st_size - 32))
        opened.write(rng.randbytes(32))
    # What a copy or a restored backup may do; the content counts.
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ExternalError, match="cannot be read"):
        findings(file.parent)


@pytest.mark.parametrize("page", range(1, 20, 3))
def test_a_page_of_zeros_is_noticed(page: int, file: Path):
    with file.open("r+b") as opened:
        opened.seek(page * 4096)
        opened.write(bytes(4096))
    with pytest.raises(ExternalError, match="cannot be read"):
        findings(file.parent)


@pytest.mark.parametrize("change", [-1, -4096, 1, 4096])
def test_another_length_is_noticed(change: int, file: Path):
    os.truncate(file, file.stat().st_size + change)
    with pytest.raises(ExternalError, match="cannot be read"):
        findings(file.parent)


def test_the_database_of_another_ecosystem_is_refused(file: Path):
    shutil.copyfile(file, place(str(file.parent), "npm"))
    with pytest.raises(ExternalError, match="it holds the advisories of PyPI"):
        audit(reading(needs("lodash", "4.17.4", "npm")), str(file.parent), now_s=time.time())


def test_a_copied_database_is_as_good_as_the_first(file: Path, tmp_path: Path):
    shutil.copytree(file.parent, tmp_path / "copy")
    assert findings(tmp_path / "copy") == len(RECORDS)


def test_a_sync_that_finds_nothing_new_seals_what_it_writes(file: Path, tmp_path: Path):
    assert take_in(tmp_path / "export", file.parent).state == "current"
    assert has_seal(file)
    assert findings(file.parent) == len(RECORDS)


@pytest.mark.parametrize("table", TABLES)
def test_the_next_sync_rebuilds_a_database_that_was_edited(table: str, file: Path, tmp_path: Path):
    changed(file, f"DELETE FROM {table}")
    assert take_in(tmp_path / "export", file.parent).state == "built"
    assert findings(file.parent) == len(RECORDS)


def test_a_database_without_a_checksum_counts_until_the_next_sync_rebuilds_it(file: Path, tmp_path: Path):
    unsealed(file)
    opened = open_database(str(file.parent), "PyPI")
    assert opened
    with closing(opened):
        assert not opened.is_sealed
    assert findings(file.parent) == len(RECORDS)
    assert take_in(tmp_path / "export", file.parent).state == "built"
    assert has_seal(file)


@pytest.mark.parametrize("table", TABLES)
def test_a_database_without_a_checksum_must_have_its_rows(table: str, file: Path):
    unsealed(file)
    changed(file, f"DELETE FROM {table}" + " WHERE rowid % 3" * (table in ("advisories", "documents")))
    if table == "ids":
        assert findings(file.parent) == len(RECORDS)  # an audit does not read it
        return
    with pytest.raises(ExternalError, match="rows are missing"):
        findings(file.parent)


def test_a_checksum_is_the_same_twice(file: Path):
    before = file.read_bytes()
    seal(str(file))
    assert file.read_bytes() == before


def test_an_export_for_two_ecosystems_stays_apart(tmp_path: Path):
    folder = database(tmp_path, RECORDS)
    take_in(
        export(tmp_path / "export", [record("GHSA-1", "lodash", {"introduced": "0"}, ecosystem="npm")], "npm"),
        Path(folder),
        "npm",
    )
    found = audit(reading(needs("lodash", "4.17.4", "npm")), folder, now_s=time.time()).findings
    assert [finding.id for finding in found] == ["GHSA-1"]
