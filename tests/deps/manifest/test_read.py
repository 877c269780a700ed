from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from boombap.deps.manifest.read import read
from boombap.deps.manifest.safe_text import LARGEST_BYTES
from boombap.errors import Interrupted, NotFound, UsageError
from deps.trees import pins, reading, write

if TYPE_CHECKING:
    from pathlib import Path


def names(tmp_path: Path, found) -> list[str]:
    return [file.removeprefix(f"{tmp_path}/") for file in found.files]


def test_a_tree_without_folders_of_others(tmp_path: Path):
    files = {
        "requirements.txt": "a==1\n",
        "web/requirements-dev.txt": "b==1\n",
        "requirements/prod.txt": "c==1\n",
        "js/package.json": "{}",
        "js/node_modules/x/package.json": '{"dependencies": {"n": "1.0.0"}}',
        ".venv/pyvenv.cfg": "",
        ".venv/lib/python3.11/site-packages/requirements.txt": "n==1\n",
        "own/pyvenv.cfg": "",
        "own/requirements.txt": "n==1\n",
        ".git/requirements.txt": "n==1\n",
        "go/go.mod": "module m\n",
        "go/vendor/go.mod": "module n\n",
        "notes.txt": "n==1\n",
    }
    found = reading(tmp_path, dict(files))
    read_files = [
        "go/go.mod",
        "js/package.json",
        "requirements.txt",
        "requirements/prod.txt",
        "web/requirements-dev.txt",
    ]
    assert names(tmp_path, found) == read_files
    states = [(item.file.removeprefix(f"{tmp_path}/"), item.state) for item in found.inventory]
    assert states == sorted(
        [(name, "read") for name in read_files] + [("go/vendor", "superseded"), ("js/node_modules", "superseded")]
    )
    assert {one.name: one.scope for one in found.dependencies} == {"a": "runtime", "b": "dev", "c": "runtime"}


def test_links_to_folders_are_not_followed(tmp_path: Path):
    write(tmp_path, {"a/requirements.txt": "a==1\n"})
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert names(tmp_path, read([str(tmp_path)])) == ["a/requirements.txt"]


def test_a_link_to_a_file_counts_once_and_only_inside(tmp_path: Path):
    write(tmp_path, {"out.txt": "s3cret\n", "p/one/requirements.txt": "a==1\n", "p/two/x": "", "p/three/x": ""})
    (tmp_path / "p/two/requirements.txt").symlink_to(tmp_path / "p/one/requirements.txt")
    (tmp_path / "p/three/requirements.txt").symlink_to(tmp_path / "out.txt")
    found = read([str(tmp_path / "p")])
    assert pins(found) == [("a", "1", 1)]
    assert [(one.reason, one.is_failure) for one in found.skipped] == [
        ("is a link that leads out of the audited folder", True)
    ]


@pytest.mark.parametrize("name", ["loop.py", "loop", "loop.lock", "deps.csv"])
def test_a_link_to_itself_is_not_the_end(tmp_path: Path, name: str):
    (tmp_path / name).symlink_to(name)
    assert [package.name for package in reading(tmp_path, {"requirements.txt": "redis==5.0.0\n"}).dependencies] == [
        "redis"
    ]


def test_a_loop_of_links_to_files_is_a_failure(tmp_path: Path):
    (tmp_path / "requirements.txt").symlink_to("poetry.lock")
    (tmp_path / "poetry.lock").symlink_to("requirements.txt")
    assert all(one.is_failure for one in read([str(tmp_path)]).skipped)
    assert read([str(tmp_path)]).skipped


def test_names_begin_with_what_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write(tmp_path, {"p/sub/requirements.txt": "a==1\n"})
    monkeypatch.chdir(tmp_path)
    assert read(["."]).files == ("p/sub/requirements.txt",)
    assert read(["./p/"]).files == ("p/sub/requirements.txt",)
    assert read(["p/sub/requirements.txt"]).files == ("p/sub/requirements.txt",)
    assert read(["p", "p/sub"]).files == ("p/sub/requirements.txt",)


def test_a_named_environment_inside_a_project_is_read(tmp_path: Path):
    write(tmp_path, {"site-packages/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n"})
    assert pins(read([str(tmp_path / "site-packages")])) == [("a", "1", 2)]
    assert pins(read([str(tmp_path)])) == [("a", "1", 2)]


def test_what_is_not_there_and_what_is_no_manifest(tmp_path: Path):
    write(tmp_path, {"main.py": ""})
    with pytest.raises(NotFound, match="no such file or folder"):
        read([str(tmp_path / "gone")])
    with pytest.raises(UsageError, match="is not a supported manifest"):
        read([str(tmp_path / "main.py")])


def test_a_range_counts_as_pinned_where_the_lock_beside_it_pins_it(tmp_path: Path):
    files = {
        "pyproject.toml": '[project]\ndependencies = ["Fast_API>=0.1", "loose"]\n',
        "poetry.lock": '[[package]]\nname = "fast-api"\nversion = "0.104.1"\n',
        "sub/pyproject.toml": '[project]\ndependencies = ["fast-api>=0.1"]\n',
    }
    found = reading(tmp_path, dict(files))
    assert [(one.what, one.file.removeprefix(f"{tmp_path}/")) for one in found.skipped] == [
        ("loose", "pyproject.toml"),
        ("fast-api>=0.1", "sub/pyproject.toml"),
    ]


def test_package_json_is_read_only_without_a_lock(tmp_path: Path):
    package = '{"dependencies": {"a": "^1"}}'
    assert len(reading(tmp_path / "bare", {"package.json": package}).skipped) == 1
    locked = reading(tmp_path / "locked", {"package.json": package, "yarn.lock": '"a@^1":\n  version "1.0.0"\n'})
    assert pins(locked) == [("a", "1.0.0", 1)]
    assert locked.skipped == ()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Cargo.toml", "names packages, but no lock file lies beside it"),
        ("Gemfile", "names packages, but no lock file lies beside it"),
        ("build.gradle", "its format is not read here (Gradle)"),
        ("bun.lockb", "its format is not read here (bun)"),
    ],
)
def test_what_is_not_read_is_named(tmp_path: Path, name: str, reason: str):
    (one,) = reading(tmp_path, {name: ""}).skipped
    assert (one.reason, one.is_failure) == (reason, True)
    assert one.pin


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("poetry.lock", "[[package]\n"),
        ("uv.lock", "nonsense"),
        ("Cargo.lock", "x = "),
        ("pyproject.toml", "[project"),
        ("package-lock.json", "{"),
        ("package-lock.json", '{"a": ' + "[" * 100_000),
        ("pom.xml", "<project"),
        ("pnpm-lock.yaml", "packages: " + "[" * 100_000),
        ("bom.json", "[]"),
        ("yarn.lock", "nonsense"),
        ("composer.lock", '{"packages": [1]}'),
        ("Pipfile.lock", '{"default": {"a": 1}}'),
        ("package-lock.json", "{" + '"a": 1' + "0" * 5_000 + "}"),
        ("requirements.txt", b"a\0b"),
        ("poetry.lock", b"\xff\xfe\x00"),
    ],
)
def test_a_broken_file_fails_by_name_and_spoils_no_other(tmp_path: Path, name: str, content: str | bytes):
    found = reading(tmp_path, {name: content, "sub/requirements.txt": "a==1\n"})
    assert pins(found) == [("a", "1", 1)]
    (one,) = found.skipped
    assert one.is_failure
    assert one.file == f"{tmp_path}/{name}"
    assert one.reason


def test_a_file_of_100_mb_is_refused_unread(tmp_path: Path):
    with (tmp_path / "package-lock.json").open("wb") as file:
        file.truncate(100_000_000)
    (one,) = read([str(tmp_path)]).skipped
    assert one.is_failure
    assert one.reason == f"has 100 MB, over the limit of {LARGEST_BYTES / 1e6:.0f} MB"


def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "requirements.txt")
    (one,) = read([str(tmp_path)]).skipped
    assert (one.reason, one.is_failure) == ("is not a regular file", True)


def test_a_folder_that_is_included_is_named(tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("-r parts\n", encoding="utf-8")
    (tmp_path / "parts").mkdir()
    (one,) = read([str(tmp_path)]).skipped
    assert one.is_failure
    assert one.reason == f"is not a regular file (named in {tmp_path / 'requirements.txt'}, line 1)"


def test_an_empty_folder_gives_nothing(tmp_path: Path):
    found = read([str(tmp_path)])
    assert (found.dependencies, found.skipped, found.files) == ((), (), ())


def test_the_run_can_be_ended(tmp_path: Path):
    write(tmp_path, {"requirements.txt": "a==1\n"})

    def end() -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        read([str(tmp_path)], check=end)


def test_a_requirements_file_that_another_includes_is_read_once(tmp_path: Path):
    found = reading(tmp_path, {"requirements.txt": "-r requirements-base.txt\n", "requirements-base.txt": "a==1\n"})
    assert pins(found) == [("a", "1", 1)]
    assert len(found.files) == 2


def test_constraints_are_no_project_of_their_own(tmp_path: Path):
    files = {"requirements.txt": "a\n-c requirements/constraints.txt\n", "requirements/constraints.txt": "a==1\n"}
    found = reading(tmp_path, dict(files))
    assert [(one.name, one.version, one.file.removeprefix(f"{tmp_path}/")) for one in found.dependencies] == [
        ("a", "1", "requirements.txt")
    ]


def test_names_with_escapes_stay_data(tmp_path: Path):
    name = "evil\x1b[31m.requirements.txt"
    found = reading(tmp_path, {name: "a==1\n"})
    assert found.dependencies[0].file.endswith(name)
