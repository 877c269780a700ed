"""`ctx status --prune`: indexes of folders that no longer exist are removed, all others stay."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from boombap.ctx.indexing.prune import prune
from boombap.filelock import try_lock
from ctx.repositories import indexed, repository, run_in

if TYPE_CHECKING:
    from pathlib import Path

FILES: dict[str, str | bytes] = {"pool.py": "def pool(): ...\n"}


@pytest.fixture
def cache(isolated: Path) -> Path:
    """Make indexes of two repositories, of which one is then gone; the folder of all indexes."""
    cache = isolated.parent / "cache" / "boombap"
    for name in ("here", "gone"):
        indexed(repository(isolated / name, FILES), cache).close()
    shutil.rmtree(isolated / "gone")
    return cache


def names(cache: Path) -> set[str]:
    return {path.name.partition("-")[0] for path in (cache / "ctx").glob("*.db")}


def test_only_what_has_no_folder_is_removed(cache: Path, isolated: Path) -> None:
    gone, here = prune(str(cache))
    assert (gone.root, gone.state, gone.reason) == (str(isolated / "gone"), "removed", "its folder is gone")
    assert (here.root, here.state, here.reason) == (str(isolated / "here"), "kept", "")
    assert gone.size_bytes > 0
    assert names(cache) == {"here"}
    assert prune(str(cache)) == [here]


def test_the_command_tells_what_it_removed(cache: Path, isolated: Path) -> None:
    done = run_in(isolated / "here", "status", "--prune")
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first.startswith(f"{isolated / 'gone'}: its folder is gone (")
    assert last.startswith("removed 1 index, ")
    again = run_in(isolated / "here", "status", "--prune")
    assert (again.returncode, again.stdout) == (0, "nothing to remove: the folder of every index exists (1 index)\n")


def test_json(cache: Path, isolated: Path) -> None:
    found = json.loads(run_in(isolated, "status", "--prune", "--json").stdout)
    assert found["schema"] == "boombap.ctx.prune/1"
    assert {index["root"]: index["state"] for index in found["indexes"]} == {
        str(isolated / "gone"): "removed",
        str(isolated / "here"): "kept",
    }


def test_it_works_where_nothing_was_ever_indexed(isolated: Path) -> None:
    done = run_in(isolated, "status", "--prune")
    assert (done.returncode, done.stdout) == (0, "nothing to remove: the folder of every index exists (0 indexes)\n")
    assert list(isolated.parent.glob("cache/boombap/ctx/*")) == []


@pytest.mark.parametrize("damage", [b"", b"no database at all, only text" * 400])
def test_a_damaged_index_is_removed(cache: Path, damage: bytes) -> None:
    (path,) = (cache / "ctx").glob("here-*.db")
    path.write_bytes(damage)
    assert {index.reason for index in prune(str(cache))} == {"its folder is gone", "damaged"}
    assert names(cache) == set()


def test_an_index_that_is_being_written_stays_and_is_named(cache: Path, isolated: Path) -> None:
    (path,) = (cache / "ctx").glob("gone-*.db")
    descriptor = os.open(f"{path}.lock", os.O_RDWR)
    try:
        assert try_lock(descriptor)
        done = run_in(isolated, "status", "--prune")
    finally:
        os.close(descriptor)
    assert done.returncode == 3
    assert done.stdout.startswith(f"{isolated / 'gone'}: not pruned, another process is writing it (")
    assert "nothing to remove" not in done.stdout
    assert names(cache) == {"here", "gone"}


def test_a_root_that_cannot_be_looked_at_is_not_gone(cache: Path, isolated: Path) -> None:
    """A link to itself gives an error that is not "does not exist"."""
    repository(isolated / "loop", FILES)
    indexed(isolated / "loop", cache).close()
    shutil.rmtree(isolated / "loop")
    (isolated / "loop").symlink_to(isolated / "loop")
    (failed,) = (index for index in prune(str(cache)) if index.state == "failed")
    assert failed.root == str(isolated / "loop")
    assert failed.reason.startswith("its folder cannot be looked at: ")
    assert names(cache) == {"here", "loop"}


def test_leftovers_go_and_the_lock_stays(cache: Path) -> None:
    (path,) = (cache / "ctx").glob("gone-*.db")
    for ending in (".settled", ".new"):
        path.with_name(path.name + ending).write_text("1 2")
    prune(str(cache))
    assert [left.name for left in (cache / "ctx").glob("gone-*")] == [f"{path.name}.lock"]


@pytest.mark.parametrize("name", ["here", "never-finished"])
def test_what_a_killed_writer_left_goes_and_its_index_stays(cache: Path, isolated: Path, name: str) -> None:
    (here,) = (cache / "ctx").glob("here-*.db")
    left = here.with_name(here.name.replace("here", name) + ".new")
    left.write_bytes(b"half of an index")
    done = run_in(isolated / "here", "status", "--prune", "--json")
    found = {index["index"]: index for index in json.loads(done.stdout)["indexes"]}
    assert (done.returncode, found[str(left)]["state"]) == (0, "removed")
    assert found[str(left)]["reason"] == "unfinished, its writer ended early"
    assert found[str(left)]["size_bytes"] == 16
    assert not left.exists()
    assert names(cache) == {"here"}


def test_an_unfinished_index_of_a_writer_at_work_stays(cache: Path, isolated: Path) -> None:
    (here,) = (cache / "ctx").glob("here-*.db")
    left = here.with_name(here.name + ".new")
    left.write_bytes(b"half of an index")
    descriptor = os.open(f"{here}.lock", os.O_RDWR)
    try:
        assert try_lock(descriptor)
        states = {index.root: index.state for index in prune(str(cache))}
    finally:
        os.close(descriptor)
    assert states == {str(isolated / "gone"): "removed", str(isolated / "here"): "kept"}
    assert left.read_bytes() == b"half of an index"
