"""What counts as an import, and what a search says about files that it could not read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.usage.import_names import from_installations, guess
from boombap.deps.usage.imports import MAX_SECONDS, find_imports
from boombap.deps.usage.source_files import find_sources

if TYPE_CHECKING:
    from pathlib import Path


def never() -> None:
    return None


def found(folder: Path, text: str | bytes, *modules: str) -> list[tuple[str, int]]:
    path = folder / "main.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(each.module, each.line) for each in find_imports([str(path)], modules or ("yaml",), never).imports]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import yaml", [("yaml", 1)]),
        ("import os, yaml.nodes as n", [("os", 1), ("yaml.nodes", 1)]),
        ("def f():\n    from yaml import load, dump", [("yaml.load", 2), ("yaml.dump", 2)]),
        ("try:\n import yaml\nexcept ImportError:\n yaml = None", [("yaml", 2)]),
        ("import importlib\nimportlib.import_module('yaml.nodes')", [("importlib", 1), ("yaml.nodes", 2)]),
        ("__import__('yaml')", [("yaml", 1)]),
        ("from . import yaml", []),
        ("from .yaml import x", []),
        ("# import yaml\nx = 'import yaml'", []),
        ("import_module(name, 'yaml')", []),
        ("import_module('.x', 'yaml')", []),
        ("x = '\\d'; import yaml", [("yaml", 1)]),
        (b"# coding: latin-1\nx = '\xe9'\nimport yaml", [("yaml", 3)]),
    ],
)
def test_what_is_an_import(tmp_path: Path, text: str | bytes, expected: list[tuple[str, int]]):
    assert found(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"import yaml\ndef f(:", "is not valid Python"),
        (b"import yaml\0", "is not"),
        (b"yaml = " + b"(" * 500 + b")" * 500, "not valid Python"),
        (b"yaml = " + b"-" * 100_000 + b"1", "nested too deeply"),
        (b"yaml = '\xff'", "is not valid Python"),
        (b"# yaml" + b" " * 1_000_001, "over the limit"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, raw: bytes, reason: str):
    (tmp_path / "bad.py").write_bytes(raw)
    (tmp_path / "good.py").write_text("import yaml\n")
    tree = find_sources([str(tmp_path)], never)
    result = find_imports(tree.files, ["yaml"], never)
    assert ([each.module for each in result.imports], result.files) == (["yaml"], 1)
    (note,) = result.unread
    assert "bad.py" in note
    assert reason in note


def test_a_file_that_is_gone_is_named(tmp_path: Path):
    result = find_imports([str(tmp_path / "gone.py")], ["yaml"], never)
    assert "No such file" in result.unread[0]


def test_a_search_without_end_stops_and_says_so(tmp_path: Path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("import yaml\n")
    times = iter((0.0, 1.0, MAX_SECONDS + 1))
    result = find_imports([str(tmp_path / name) for name in ("a.py", "b.py")], ["yaml"], never, lambda: next(times))
    assert (len(result.imports), result.files) == (1, 1)
    assert result.unread == ("1 Python files: the search took more than 60 s",)


def test_sources_are_the_project_s_own(tmp_path: Path):
    for name in (
        "app/a.py",
        "app/b.txt",
        "node_modules/c.py",
        ".tox/d.py",
        "env/e.py",
        "x/site-packages/f.py",
        "g.pyw",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    tree = find_sources([str(tmp_path)], never)
    assert [file.removeprefix(f"{tmp_path}/") for file in tree.files] == ["g.pyw", "app/a.py"]
    assert tree.environments == (str(tmp_path / "env"),)
    assert find_sources([str(tmp_path / "app" / "b.txt"), str(tmp_path / "app")], never).files == tree.files[1:]


def test_more_files_than_the_limit_are_named(tmp_path: Path):
    for number in range(5):
        (tmp_path / f"{number}.py").touch()
    tree = find_sources([str(tmp_path)], never, max_files=3)
    assert len(tree.files) == 3
    assert "more than 3 Python files" in tree.unread[0]


@pytest.mark.parametrize(
    ("package", "module"),
    [("pillow", "PIL"), ("pyyaml", "yaml"), ("beautifulsoup4", "bs4"), ("scikit-learn", "sklearn"),
     ("opencv-python", "cv2"), ("python-dateutil", "dateutil"), ("pyjwt", "jwt"), ("pycryptodome", "Crypto"),
     ("flask-cors", "flask_cors"), ("google-cloud-storage", "google.cloud.storage")],
)  # fmt: skip
def test_a_guess_knows_the_usual_names(package: str, module: str):
    assert module in guess(package)


def test_an_installation_says_how_its_packages_are_imported():
    names = from_installations([sys.prefix])
    assert names["pyyaml"] == ("_yaml", "yaml") or set(names["pyyaml"]) == {"_yaml", "yaml"}
    assert "pytest" in names["pytest"]
    assert "hypothesis" in names["hypothesis"]


def test_an_installation_without_names_says_nothing(tmp_path: Path):
    folder = tmp_path / "site-packages"
    record = "a/__init__.py,,\nb.py,,\na-1.dist-info/RECORD,,\n../../bin/a,,\n"
    distributions = {
        "a-1.dist-info": {"RECORD": record},
        "c-1.dist-info": {"top_level.txt": "c_mod\n"},
        "d-1.dist-info": {},
    }
    for name, files in distributions.items():
        (folder / name).mkdir(parents=True)
        for file, text in files.items():
            (folder / name / file).write_text(text)
    assert from_installations([str(folder)]) == {"a": ("a", "b"), "c": ("c_mod",)}


@given(st.binary(max_size=200))
def test_no_file_breaks_the_search(tmp_path_factory: pytest.TempPathFactory, raw: bytes):
    path = tmp_path_factory.mktemp("any") / "x.py"
    path.write_bytes(b"import yaml\n" + raw)
    result = find_imports([str(path)], ["yaml"], never)
    assert result.files + len(result.unread) == 1
