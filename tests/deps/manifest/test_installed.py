"""What is installed in an environment of Python, as `importlib.metadata` sees it."""

from __future__ import annotations

import importlib.metadata
import sysconfig
import zipfile
from typing import TYPE_CHECKING

import pytest

from boombap.deps.manifest.read import read
from boombap.deps.package_names import normalise
from boombap.errors import NotFound
from deps.trees import gaps, write

if TYPE_CHECKING:
    from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: idna\nVersion: 3.7\n\n"


def by_the_library(folder: str) -> set[tuple[str, str]]:
    found = importlib.metadata.distributions(path=[folder])
    return {(normalise("PyPI", item.metadata["Name"]), item.version) for item in found}


def by_us(found) -> set[tuple[str, str]]:
    pinned = {(item.normal, item.version) for item in found.dependencies}
    left_out = (item.what.split() for item in found.skipped)
    return pinned | {(normalise("PyPI", words[0]), words[1]) for words in left_out if len(words) > 1}


def test_this_environment_as_the_library_sees_it():
    folder = sysconfig.get_path("purelib")
    expected = by_the_library(folder)
    assert len(expected) > 20
    assert by_us(read([], environments=[folder])) == expected


def test_every_form_of_an_installation(tmp_path: Path):
    site = write(
        tmp_path / "env/lib/python3.11/site-packages",
        {
            "idna-3.7.dist-info/METADATA": METADATA,
            "old-1.0.egg-info/PKG-INFO": METADATA.replace("idna", "old").replace("3.7", "1.0"),
            "flat-2.0.egg-info": METADATA.replace("idna", "flat").replace("3.7", "2.0"),
            "egg-3.0-py3.11.egg/EGG-INFO/PKG-INFO": METADATA.replace("idna", "egg").replace("3.7", "3.0"),
        },
    )
    found = read([], environments=[str(tmp_path / "env")])
    # An egg is on the path itself.
    expected = by_the_library(str(site)) | by_the_library(str(site / "egg-3.0-py3.11.egg"))
    assert by_us(found) == expected == {("idna", "3.7"), ("old", "1.0"), ("flat", "2.0"), ("egg", "3.0")}
    assert found.skipped == ()


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"idna-3.7.dist-info/RECORD": ""}, "its metadata cannot be read: No such file or directory"),
        ({"idna-3.7.dist-info/METADATA": ""}, "names no version"),
        ({"idna-3.7.dist-info/METADATA": b"\xff\xfeI"}, "its metadata is not valid UTF-16"),
        ({"a-1.dist-info/METADATA": METADATA, "idna.egg-link": "/src"}, "comes from a local folder or file"),
        ({"idna-3.7.dist-info/METADATA": METADATA, "idna-3.7.dist-info/direct_url.json": '{"vcs_info": {}}'},
         "comes from version control"),
    ],
)  # fmt: skip
def test_a_damaged_installation_is_named(tmp_path: Path, files: dict[str, str | bytes], reason: str):
    found = read([], environments=[str(write(tmp_path / "site-packages", files))])
    assert [told for _, told, _ in gaps(found)] == [reason]


def test_a_zipped_egg_is_named(tmp_path: Path):
    site = write(tmp_path / "site-packages", {"idna-3.7.dist-info/METADATA": METADATA})
    with zipfile.ZipFile(site / "x-1.0-py3.11.egg", "w") as egg:
        egg.writestr("EGG-INFO/PKG-INFO", METADATA)
    (skip,) = read([], environments=[str(site)]).skipped
    assert skip.what == "x-1.0-py3.11.egg"


@pytest.mark.parametrize("way", ["named", "as an environment"])
def test_an_environment_that_uses_others_is_a_gap(tmp_path: Path, way: str):
    config = "home = /usr/bin\ninclude-system-site-packages = true\n"
    files = {"pyvenv.cfg": config, "lib/python3.11/site-packages/idna-3.7.dist-info/METADATA": METADATA}
    path = str(write(tmp_path / "env", dict(files)))
    found = read([path]) if way == "named" else read([], environments=[path])
    assert by_us(found) >= {("idna", "3.7")}
    assert [(item.file.rpartition("/")[2], item.state) for item in found.inventory] == [
        ("site-packages", "read"), ("pyvenv.cfg", "gap"),
    ]  # fmt: skip


def test_a_folder_without_packages_is_refused(tmp_path: Path):
    with pytest.raises(NotFound, match="holds no installed Python packages"):
        read([], environments=[str(tmp_path)])
