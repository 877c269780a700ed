"""What `make dist` makes: the same bytes twice, every wheel with its hash, and what is missing by name."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from boombap.cli.extras import MODULES
from distribution import __main__, archives, sbom, wheelhouse
from distribution.packages import closure, extras, locked, version
from distribution.wheelhouse import PLATFORMS, Wheelhouse, fill

ROOT = Path(__file__).parents[2]
EPOCH = 1_700_000_000


def wheel(folder: Path, name: str, metadata: str = "") -> Path:
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{metadata}"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("extra", [*MODULES, "all"])
def test_every_package_of_every_tool_is_locked(platform: str, extra: str) -> None:
    names = closure(extra, PLATFORMS[platform].environment)
    assert names <= locked().keys()
    assert "boombap" not in names
    assert len(names) >= 1


def test_a_marker_is_that_of_the_platform_and_not_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras(), "odd", ["packaging; sys_platform == 'win32'", "hiredis"])
    assert closure("odd", PLATFORMS["win_amd64"].environment) == {"packaging", "hiredis"}
    assert closure("odd", PLATFORMS["linux_aarch64"].environment) == {"hiredis"}


def test_the_lock_is_what_is_installed_here() -> None:
    assert version("packaging") == importlib.metadata.version("packaging")
    assert "--hash=sha256:" in locked()["packaging"]


def test_a_package_without_a_wheel_is_named_with_what_needs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip itself refuses; every package of `redis` is missing where no index has any."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(wheelhouse, "EXTRA", "redis")
    house = fill(tmp_path, "macosx_arm64", wheel(tmp_path, "boombap"))
    assert house.missing == {"hiredis"}
    assert set(house.stopped) == {tool for tool in MODULES if "hiredis" in closure(tool, {})}
    text = (house.folder / "README.txt").read_text()
    assert "Not here, because it has no wheel for this platform: hiredis." in text
    assert "So `boombap redis` does not run." in text
    assert "tested on Linux only" in text


def test_another_fault_of_pip_is_no_missing_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheelhouse, "EXTRA", "redis")
    monkeypatch.setitem(locked(), "hiredis", "hiredis==3.1 --hash=sha256:zz\n")
    with pytest.raises(SystemExit, match="could not fetch the wheels for wheelhouse-linux_x86_64"):
        fill(tmp_path, "linux_x86_64", wheel(tmp_path, "boombap"))


def test_the_bill_of_materials_is_valid_and_has_each_wheel(tmp_path: Path) -> None:
    wheel(tmp_path, "boombap", "License-Expression: MIT\n")
    other = wheel(tmp_path, "Odd_Name")
    text = sbom.write(Wheelhouse(tmp_path, frozenset(), ()), EPOCH).read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    document = json.loads(text)
    (component,) = document["components"]
    assert component["purl"] == "pkg:pypi/odd-name@1.0"
    assert component["hashes"][0]["content"] == hashlib.sha256(other.read_bytes()).hexdigest()
    assert document["metadata"]["component"]["licenses"] == [{"expression": "MIT"}]
    assert document["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"


@pytest.mark.slow
def test_two_builds_have_the_same_bytes_and_install(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        assert __main__.main(["--no-wheelhouses", "--output", str(folder)]) == 0
    one, two = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == two
    names = {Path(name).suffix for name in one}
    assert names == {".whl", ".gz", ""}
    sums = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=folders[0], capture_output=True, text=True, check=False
    )
    assert sums.returncode == 0, sums.stdout
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    (built,) = folders[0].glob("*.whl")
    pip = [environment / "bin" / "python", "-m", "pip", "install", "-q", "--no-index", built]
    subprocess.run(pip, check=True)
    done = subprocess.run([environment / "bin" / "boombap", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("boombap ")


@pytest.mark.slow
def test_what_an_earlier_build_left_is_not_taken(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    subprocess.run(["git", "clone", "-q", "--depth", "1", ROOT.as_uri(), tree], check=True)
    left = tree / "build" / "lib" / "boombap"
    left.mkdir(parents=True)
    (left / "gone.py").touch()
    (tree / "src" / "boombap" / "untracked.py").touch()
    built, source = archives.build(tree, tmp_path, EPOCH)
    with zipfile.ZipFile(built) as archive:
        inside = archive.namelist()
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
    with tarfile.open(source) as archive_of_source:
        inside += archive_of_source.getnames()
    assert not [name for name in inside if name.endswith(("gone.py", "untracked.py"))]
    assert [name for name in inside if name.endswith("boombap/errors.py")]
    shutil.rmtree(tree)
