"""What the collector reads of the indexes: their own facts, for trees of any size."""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from boombap.config.model import Config, Paths
from boombap.ctx.model import Limits
from boombap.ctx.probe import probe
from boombap.errors import NoVerdict
from boombap.interrupt import Interrupt
from ctx.repositories import indexed, repository, write

if TYPE_CHECKING:
    from pathlib import Path

FILES: dict[str, str | bytes] = {
    "pool.py": "class Pool: ...\n",
    "deep/down/far.py": "def far(): ...\n",
    "deep/more.py": "def more(): ...\n",
    "picture.bin": b"\x00\x01\x02",
}


def figures(cache: Path) -> dict[tuple[str, ...], float]:
    config = Config(paths=Paths(cache=cache))
    return {(metric.name, *labels): value for metric, labels, value in probe(config, Interrupt())}


def test_the_facts_of_an_index(isolated: Path, tmp_path: Path) -> None:
    indexed(repository(isolated / "app", FILES), tmp_path, limits=Limits(files=3)).close()
    found = figures(tmp_path)
    (file,) = (tmp_path / "ctx").glob("*.db")
    name = file.stem
    assert name.startswith("app-")
    assert found["boombap_ctx_index_files", name] == 2
    assert found["boombap_ctx_index_left_out_files", name, "limit"] == 1
    assert found["boombap_ctx_index_left_out_files", name, "unsuitable"] == 1
    assert found["boombap_ctx_index_partial", name] == 1
    assert found["boombap_ctx_index_size_bytes", name] == file.stat().st_size
    os.utime(file, (0, file.stat().st_mtime - 3600))
    assert 3600 <= figures(tmp_path)["boombap_ctx_index_age_seconds", name] < 4000


def test_the_facts_follow_the_tree(isolated: Path, tmp_path: Path) -> None:
    tree = repository(isolated / "app", FILES)
    indexed(tree, tmp_path).close()
    write(tree, {"new.py": "def new(): ...\n"})
    (tree / "picture.bin").unlink()
    indexed(tree, tmp_path, is_thorough=True).close()
    found = {name[0]: value for name, value in figures(tmp_path).items() if "left_out" not in name[0]}
    assert (found["boombap_ctx_index_files"], found["boombap_ctx_index_partial"]) == (4, 0)


def test_nothing_that_grows_with_the_tree_is_read(isolated: Path, tmp_path: Path) -> None:
    indexed(repository(isolated / "app", FILES), tmp_path).close()
    before = figures(tmp_path)
    (file,) = (tmp_path / "ctx").glob("*.db")
    database = sqlite3.connect(file)
    for (table,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'meta'"
    ).fetchall():
        database.execute(f"DROP TABLE {table}")
    database.close()
    assert set(figures(tmp_path)) == set(before)
    assert figures(tmp_path)["boombap_ctx_index_files", file.stem] == 3


def test_an_index_without_the_facts_has_its_age_and_no_zeros(isolated: Path, tmp_path: Path) -> None:
    indexed(repository(isolated / "app", FILES), tmp_path).close()
    (file,) = (tmp_path / "ctx").glob("*.db")
    database = sqlite3.connect(file)
    database.execute("DELETE FROM meta WHERE name IN ('files', 'beyond_limit', 'unsuitable')")
    database.commit()
    database.close()
    names = {name[0] for name in figures(tmp_path)}
    assert "boombap_ctx_index_age_seconds" in names
    assert not names & {"boombap_ctx_index_files", "boombap_ctx_index_left_out_files"}


@pytest.mark.parametrize("content", [b"", b"not SQLite", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_index_is_counted_and_costs_only_itself(isolated: Path, tmp_path: Path, content: bytes) -> None:
    indexed(repository(isolated / "app", FILES), tmp_path).close()
    (tmp_path / "ctx" / "bad-0.db").write_bytes(content)
    found = figures(tmp_path)
    states = {name[1]: value for name, value in found.items() if name[0] == "boombap_ctx_indexes"}
    assert states == {"shown": 1, "unread": 1, "not_shown": 0}
    assert not any("bad-0" in name for name in found)


def test_of_many_indexes_the_latest_are_shown(isolated: Path, tmp_path: Path) -> None:
    indexed(repository(isolated / "app", FILES), tmp_path).close()
    (file,) = (tmp_path / "ctx").glob("*.db")
    for number in range(30):
        copy = file.with_name(f"copy-{number:02}.db")
        copy.write_bytes(file.read_bytes())
        os.utime(copy, (number, number))
    found = figures(tmp_path)
    states = {name[1]: value for name, value in found.items() if name[0] == "boombap_ctx_indexes"}
    assert states == {"shown": 20, "unread": 0, "not_shown": 11}
    shown = {name[1] for name in found if name[0] == "boombap_ctx_index_files"}
    assert shown == {file.stem, *(f"copy-{number:02}" for number in range(11, 30))}


def test_without_an_index_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoVerdict, match="no indexes"):
        figures(tmp_path)
