"""Files that name dependencies in a way that was not seen: each is read, or named as what was not audited."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deps.trees import reading

if TYPE_CHECKING:
    from pathlib import Path

    from boombap.deps.model import Reading


def pinned(found: Reading) -> set[tuple[str, str]]:
    return {(dependency.name, dependency.version) for dependency in found.dependencies}


def skipped(found: Reading) -> set[str]:
    return {skip.what for skip in found.skipped}


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://x.example.org/simple -r base.lst",
        "--pre -r base.lst",
        "--no-index --find-links=wheels --requirement=base.lst",
        "--requirement = base.lst",
        "-r 'base.lst'",
        '--pre "-rbase.lst"',
        "-rbase.lst",
        "-r base.lst --pre",
    ],
)
def test_every_option_of_a_line_is_read(tmp_path: Path, line: str):
    found = reading(tmp_path, {"requirements.txt": f"{line}\nidna==3.7\n", "base.lst": "django==2.0\n"})
    assert pinned(found) == {("idna", "3.7"), ("django", "2.0")}


def test_a_constraint_behind_another_option(tmp_path: Path):
    files = {"requirements.txt": "-i https://x.example.org -c pins.txt\ndjango\n", "pins.txt": "django==2.0\n"}
    assert ("django", "2.0") in pinned(reading(tmp_path, files))


@pytest.mark.parametrize("opening", ["require(", "require (", "require\t(", "require(  "])
def test_go_mod_with_any_bracket(tmp_path: Path, opening: str):
    found = reading(tmp_path, {"go.mod": f"module m\n\ngo 1.21.0\n\n{opening}\n\tgithub.com/a/b v1.3.0\n)\n"})
    assert ("github.com/a/b", "v1.3.0") in pinned(found)


def test_package_lock_whose_packages_are_empty(tmp_path: Path):
    lock = {"lockfileVersion": 2, "packages": {}, "dependencies": {"lodash": {"version": "4.17.4"}}}
    assert pinned(reading(tmp_path, {"package-lock.json": json.dumps(lock)})) == {("lodash", "4.17.4")}
    lock["packages"] = {"": {"name": "x"}}
    assert pinned(reading(tmp_path, {"package-lock.json": json.dumps(lock)})) == {("lodash", "4.17.4")}


def test_pnpm_with_a_document_of_its_own(tmp_path: Path):
    text = """---
lockfileVersion: '9.0'
importers:
  .:
    packageManagerDependencies: {}
packages:
  '@pnpm/exe@11.0.0': {resolution: {integrity: x}}
---
lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      lodash: {specifier: 4.17.4, version: 4.17.4}
packages:
  lodash@4.17.4: {resolution: {integrity: x}}
"""
    assert pinned(reading(tmp_path, {"pnpm-lock.yaml": text})) == {("@pnpm/exe", "11.0.0"), ("lodash", "4.17.4")}


@pytest.mark.parametrize("tail", ["---\n- a\n", "---\ntext\n"])
def test_pnpm_with_a_document_of_another_shape_is_a_failure(tmp_path: Path, tail: str):
    found = reading(tmp_path, {"pnpm-lock.yaml": f"lockfileVersion: '9.0'\nimporters: {{}}\n{tail}"})
    assert any(skip.is_failure for skip in found.skipped)


def test_yarn_with_a_key_on_lines_of_its_own(tmp_path: Path):
    text = """__metadata:
  version: 8

? "lodash@npm:4.17.4, lodash@npm:^4.0.0"
:
  version: 4.17.4
  resolution: "lodash@npm:4.17.4"
  languageName: node
  linkType: hard

"ms@npm:2.0.0":
  version: 2.0.0
  resolution: "ms@npm:2.0.0"
  linkType: hard
"""
    assert pinned(reading(tmp_path, {"yarn.lock": text})) == {("lodash", "4.17.4"), ("ms", "2.0.0")}


def test_a_lone_colon_is_still_refused(tmp_path: Path):
    found = reading(tmp_path, {"yarn.lock": "__metadata:\n  version: 8\n\n:\n  version: 1\n"})
    assert any(skip.is_failure for skip in found.skipped)


def test_uv_before_it_called_them_packages(tmp_path: Path):
    text = 'version = 1\n\n[[distribution]]\nname = "django"\nversion = "2.0"\nsource = { registry = "https://x" }\n'
    assert pinned(reading(tmp_path, {"uv.lock": text})) == {("django", "2.0")}


def test_the_lock_of_a_script(tmp_path: Path):
    text = 'version = 1\n\n[[package]]\nname = "django"\nversion = "2.0"\nsource = { registry = "https://x" }\n'
    assert pinned(reading(tmp_path, {"tool.py.lock": text})) == {("django", "2.0")}


@pytest.mark.parametrize(
    ("group", "scope"),
    [
        ("dev", "dev"), ("test", "dev"), ("docs", "dev"), ("unit-tests", "dev"), ("lint", "dev"), ("typing", "dev"),
        ("analysis", "runtime"), ("ml-heavy", "runtime"), ("gpu", "runtime"), ("main", "runtime"),
        ("device", "runtime"), ("contest", "runtime"),
    ],
)  # fmt: skip
def test_only_a_group_that_says_so_is_for_development(tmp_path: Path, group: str, scope: str):
    lock = f'[[package]]\nname = "django"\nversion = "2.0"\ngroups = ["{group}"]\nfiles = []\n\n[metadata]\n'
    assert [one.scope for one in reading(tmp_path / "lock", {"poetry.lock": lock}).dependencies] == [scope]
    project = f'[dependency-groups]\n{group} = ["django==2.0"]\n'
    assert [one.scope for one in reading(tmp_path / "project", {"pyproject.toml": project}).dependencies] == [scope]
    poetry = f'[tool.poetry.group.{group}.dependencies]\ndjango = "2.0"\n'
    assert [one.scope for one in reading(tmp_path / "poetry", {"pyproject.toml": poetry}).dependencies] == [scope]


@pytest.mark.parametrize("name", ["environment.yml", "environment.yaml", "environment-gpu.yml", "conda.yml"])
def test_an_environment_of_conda(tmp_path: Path, name: str):
    text = "name: x\ndependencies:\n  - python=3.11\n  - numpy=1.26\n  - pip:\n    - django==2.0\n    - -r more.txt\n"
    found = reading(tmp_path, {name: text})
    assert pinned(found) == {("django", "2.0")}
    assert skipped(found) == {"numpy=1.26", "-r more.txt"}
    (numpy,) = (skip for skip in found.skipped if skip.what == "numpy=1.26")
    assert (numpy.line, "conda" in numpy.reason) == (4, True)


def test_dependencies_that_a_build_computes(tmp_path: Path):
    found = reading(tmp_path, {"pyproject.toml": '[project]\nname = "x"\ndynamic = ["version", "dependencies"]\n'})
    assert skipped(found) == {"dynamic dependencies"}
    fixed = reading(tmp_path / "b", {"pyproject.toml": '[project]\nname = "x"\ndynamic = ["version"]\n'})
    assert skipped(fixed) == set()


@pytest.mark.parametrize(
    "name",
    ["packages.lock.json", "pixi.lock", "pubspec.lock", "Podfile.lock", "conda-lock.yml", "bun.lockb"],
)
def test_a_lock_that_nobody_reads_here_is_named(tmp_path: Path, name: str):
    found = reading(tmp_path, {name: "{}", "requirements.txt": "idna==3.7\n"})
    assert {what.rpartition("/")[2] for what in skipped(found)} == {name}
