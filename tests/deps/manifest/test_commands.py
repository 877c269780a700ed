"""What the commands of a Dockerfile or a workflow install: read as pip would, or named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deps.trees import reading

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "command",
    [
        "pip install idna==3.7",
        "python -m pip install --no-cache-dir 'idna==3.7'",
        "uv pip install --system idna==3.7",
        "apt-get update && pip3 install -q --index-url https://x.example.org/simple idna==3.7 && rm -r /x",
        "pip install \\\n    --upgrade \\\n    # why\n    idna==3.7",
        "pip install --upgrade pip setuptools; pip install -t /x idna==3.7 | tee log",
    ],
)
def test_what_pip_installs_is_read(tmp_path: Path, command: str):
    found = reading(tmp_path, {"Dockerfile": f"FROM x:1.0\nRUN {command}\n"})
    assert [(item.name, item.version, item.line) for item in found.dependencies] == [("idna", "3.7", 2)]
    assert found.skipped == ()


@pytest.mark.parametrize(
    "command",
    [
        "pip install -r requirements.txt",
        "pip install .",
        "pip install -e '.[dev]'",
        "npm ci",
        "npm install",
        "npm install --omit=dev",
        "yarn install --frozen-lockfile",
        "go build ./...",
        "poetry install",
        "pip uninstall idna",
        "echo done",
    ],
)
def test_what_installs_the_project_itself_is_no_gap(tmp_path: Path, command: str):
    found = reading(tmp_path, {"Dockerfile": f"FROM x:1.0\nRUN {command}\n"})
    assert (found.dependencies, found.skipped) == ((), ())


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("pip install idna", "idna"),
        ("pip install 'idna>=3'", "idna>=3"),
        ("pip install -r base.lst", "-r base.lst"),
        ("pip install $EXTRA", "$EXTRA"),
        ("npm install -g yarn@1.22.0 && npm ci", "yarn@1.22.0 of npm"),
        ("go install example.org/x@v1.0.0", "example.org/x@v1.0.0 of go"),
        ("gem install --no-document bundler", "bundler of gem"),
        ("cargo install ripgrep", "ripgrep of cargo"),
        ("pip install https://user:secret@example.org/x/main", "https://***@example.org/x/main"),
    ],
)
def test_what_is_installed_beside_the_manifests_is_named(tmp_path: Path, command: str, what: str):
    found = reading(tmp_path, {"Dockerfile": f"FROM x:1.0\nRUN {command}\n", "poetry.lock": LOCK})
    assert [(skip.what, skip.line) for skip in found.skipped] == [(what, 2)]


LOCK = '[[package]]\nname = "idna"\nversion = "3.7"\n\n[metadata]\nlock-version = "2.0"\n'
"""It pins idna, but the commands of an image ask no lock."""


def test_a_workflow_is_for_development(tmp_path: Path):
    found = reading(tmp_path, {".github/workflows/ci.yml": "steps:\n  - run: pip install idna==3.7\n"})
    assert [(item.name, item.scope) for item in found.dependencies] == [("idna", "dev")]


def test_environments_of_tox(tmp_path: Path):
    text = (
        "[testenv]\ndeps =\n    idna==3.7  # pinned\n    py311: attrs\n    -r requirements-dev.txt\n    {[base]deps}\n"
    )
    found = reading(tmp_path, {"tox.ini": text + "commands =\n    pytest\n", "poetry.lock": LOCK})
    assert {(item.name, item.version, item.scope) for item in found.dependencies if item.file.endswith("tox.ini")} == {
        ("idna", "3.7", "dev")
    }
    assert [(skip.what, skip.line) for skip in found.skipped] == [("attrs", 4)]


def test_a_script_with_its_requirements(tmp_path: Path):
    text = '#!/usr/bin/env python3\n# /// script\n# dependencies = [\n#   "idna==3.7",\n#   "attrs",\n# ]\n# ///\n'
    found = reading(tmp_path, {"tool.py": text, "other.py": "import idna\n"})
    assert [(item.name, item.version, item.line) for item in found.dependencies] == [("idna", "3.7", 4)]
    assert [(skip.what, skip.line) for skip in found.skipped] == [("attrs", 5)]
    assert [item.file.rpartition("/")[2] for item in found.inventory] == ["tool.py"]


@pytest.mark.parametrize("text", ["# /// script\n# a\n", "# /// script\n# a\n# ///\n" * 2, "# /// script\n" * 50_000])
def test_a_script_block_that_cannot_be_read_is_a_failure(tmp_path: Path, text: str):
    (skip,) = reading(tmp_path, {"tool.py": text}).skipped
    assert (skip.reason, skip.is_failure) == ("has a script block without an end, or more than one", True)


SCRIPT = '# /// script\n# dependencies = ["idna>=3"]\n# ///\n'


def test_only_its_own_lock_answers_the_ranges_of_a_script(tmp_path: Path):
    files: dict[str, str | bytes] = {"tool.py": SCRIPT, "poetry.lock": LOCK}
    assert [skip.what for skip in reading(tmp_path / "other", files).skipped] == ["idna>=3"]
    own = 'version = 1\n\n[[package]]\nname = "idna"\nversion = "3.7"\nsource = { registry = "https://x" }\n'
    assert reading(tmp_path / "own", files | {"tool.py.lock": own}).skipped == ()
