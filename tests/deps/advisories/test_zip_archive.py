from __future__ import annotations

import stat
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING

import pytest

from boombap.deps.advisories.zip_archive import MOST_ENTRY_BYTES, MOST_TOTAL_BYTES, records
from boombap.errors import ExternalError, NotFound

if TYPE_CHECKING:
    from pathlib import Path


def packed(path: Path, *entries: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", how) as archive:
        warnings.simplefilter("ignore")  # of duplicate names
        for name, content in entries:
            archive.writestr(name, content)
    return path


def link(path: Path) -> Path:
    entry = zipfile.ZipInfo("a.json")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    return path


def marked(path: Path, signature: bytes, at: int, value: bytes) -> Path:
    """Change bytes behind a signature, in the directory or before the entry."""
    packed(path, ("a.json", b"{}" * 40))
    content = bytearray(path.read_bytes())
    place = content.index(signature) + at
    content[place : place + len(value)] = value
    path.write_bytes(content)
    return path


def forged(path: Path, count: int, at: int, size: int) -> Path:
    """Have the directory say another size of every entry."""
    packed(path, *((f"{number}.json", b"{}") for number in range(count)), how=zipfile.ZIP_STORED)
    parts = path.read_bytes().split(DIRECTORY)
    # `at` counts from the signature's first byte.
    changed = [part[: at - 4] + struct.pack("<I", size) + part[at:] for part in parts[1:]]
    path.write_bytes(DIRECTORY.join([parts[0], *changed]))
    return path


def cut(path: Path) -> Path:
    packed(path, ("a.json", b"{}"))
    path.write_bytes(path.read_bytes()[:-10])
    return path


def damaged(path: Path) -> Path:
    packed(path, ("a.json", b"x" * 100), how=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"xxx", b"xyx", 1))
    return path


DIRECTORY, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
HOSTILE = {
    "bomb": lambda path: packed(path, ("a.json", b"\0" * (MOST_ENTRY_BYTES - 1))),
    "too large": lambda path: packed(path, ("a.json", b"\0" * (MOST_ENTRY_BYTES + 1)), how=zipfile.ZIP_STORED),
    "too large in all": lambda path: forged(path, MOST_TOTAL_BYTES // 1024**2 + 1, 24, 1024**2),
    "over each other": lambda path: forged(path, 3, 20, 500),
    "up": lambda path: packed(path, ("../a.json", b"{}")),
    "absolute": lambda path: packed(path, ("/a.json", b"{}")),
    "backslash": lambda path: packed(path, ("..\\a.json", b"{}")),
    "link": link,
    "twice": lambda path: packed(path, ("a.json", b"{}"), ("a.json", b"[]")),
    "encrypted": lambda path: marked(path, DIRECTORY, 8, b"\x01\x00"),
    "method": lambda path: packed(path, ("a.json", b"{}"), how=zipfile.ZIP_BZIP2),
    "shorter than said": lambda path: marked(path, DIRECTORY, 24, struct.pack("<I", 100)),
    "longer than said": lambda path: marked(path, DIRECTORY, 24, struct.pack("<I", 10)),
    "cut": cut,
    "damaged": damaged,
    "no archive": lambda path: path.write_bytes(b"<html>") and path,
    "empty": lambda path: path.write_bytes(b"") or path,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_or_broken_archive_is_refused(kind: str, tmp_path: Path):
    with pytest.raises(ExternalError, match=r"all\.zip"):
        list(records(HOSTILE[kind](tmp_path / "all.zip")))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("bomb", "unpacks too far"),
        ("too large", "too large"),
        ("too large in all", "unpacks to more than is allowed"),
        ("over each other", "lie over each other"),
        ("shorter than said", "not as long as the directory says"),
        ("up", "leads elsewhere"),
        ("link", "is a link"),
        ("twice", "two entries of one name"),
        ("encrypted", "is encrypted"),
    ],
)
def test_it_is_refused_for_its_own_reason(kind: str, reason: str, tmp_path: Path):
    """Each rule holds by itself: what another one or zipfile happens to refuse today may pass tomorrow."""
    with pytest.raises(ExternalError, match=reason):
        list(records(HOSTILE[kind](tmp_path / "all.zip")))


def test_records_come_one_by_one_and_other_files_are_left_out(tmp_path: Path):
    archive = packed(tmp_path / "all.zip", ("A-1.json", b"{}"), ("README", b"hello"), ("sub/A-2.json", b"[]"))
    assert list(records(archive)) == [("A-1.json", b"{}"), ("sub/A-2.json", b"[]")]


def test_an_archive_that_is_not_there(tmp_path: Path):
    with pytest.raises(NotFound):
        list(records(tmp_path / "all.zip"))
