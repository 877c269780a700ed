"""The directory against `zipfile`, which is the oracle: of archives that it writes, and of broken ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.deps.advisories import zip_directory
from boombap.deps.advisories.zip_directory import BrokenError

NAMES = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\\"), min_size=1, max_size=12)
FILES = st.dictionaries(NAMES, st.binary(max_size=300), max_size=6)
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])


def packed(files: dict[str, bytes], method: int, comment: bytes = b"", *, is_zip64: bool = False) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = method
            with archive.open(entry, "w", force_zip64=is_zip64) as file:
                file.write(content)
        archive.comment = comment
    return target.getvalue()


def unpacked(archive: bytes) -> dict[str, bytes]:
    listing, file = io.BytesIO(archive), io.BytesIO(archive)
    return {entry.name: zip_directory.content(file, entry) for entry in zip_directory.entries(listing)}


@given(FILES, METHODS, st.binary(max_size=40), st.booleans())
def test_what_zipfile_writes_is_read(files: dict[str, bytes], method: int, comment: bytes, is_zip64: bool):
    if b"PK\x05\x06" not in comment:
        assert unpacked(packed(files, method, comment, is_zip64=is_zip64)) == files


@given(FILES.filter(bool), METHODS, st.data())
def test_a_broken_archive_is_refused_or_read_as_zipfile_reads_it(
    files: dict[str, bytes], method: int, data: st.DataObject
):
    archive = bytearray(packed(files, method))
    at = data.draw(st.integers(0, len(archive) - 1))
    archive[at] ^= data.draw(st.integers(1, 255))
    try:
        found = unpacked(bytes(archive))
    except (BrokenError, zlib.error, UnicodeDecodeError, struct.error):
        return
    # zipfile looks at more, at the version that is needed for example; a wrong checksum both must refuse.
    with suppress(NotImplementedError), zipfile.ZipFile(io.BytesIO(archive)) as oracle:
        for entry in oracle.infolist():
            if len(found[entry.filename]) == entry.file_size:
                assert found[entry.filename] == oracle.read(entry)


@given(FILES.filter(bool), st.integers(1, 400))
def test_a_cut_archive_is_refused(files: dict[str, bytes], lost: int):
    archive = packed(files, zipfile.ZIP_DEFLATED)
    with pytest.raises(BrokenError):
        unpacked(archive[: max(0, len(archive) - lost)])


@given(st.binary(min_size=1, max_size=300), METHODS)
def test_a_wrong_checksum_is_refused(content: bytes, method: int):
    archive = bytearray(packed({"a": content}, method))
    archive[archive.rindex(b"PK\x01\x02") + 16] ^= 1
    with pytest.raises(BrokenError, match="checksum"):
        unpacked(bytes(archive))


def with_many(count: int) -> bytes:
    """More entries than 16 bits can count, so that the end is one of ZIP64."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number in range(count):
            archive.writestr(f"{number}", b"")
    return target.getvalue()


def test_more_entries_than_16_bits_count():
    archive = with_many(70_000)
    assert b"PK\x06\x06" in archive
    assert sum(1 for _ in zip_directory.entries(io.BytesIO(archive))) == 70_000
    broken = archive.replace(b"PK\x06\x06", b"PK\x06\x05")
    with pytest.raises(BrokenError, match="ZIP64"):
        list(zip_directory.entries(io.BytesIO(broken)))


def test_sizes_that_need_64_bits():
    entry = b"\x01\x00\x10\x00" + struct.pack("<2Q", 5_000_000_000, 4_500_000_000)
    full = 0xFFFF_FFFF
    assert zip_directory._wide(entry, (full, full, 7)) == (5_000_000_000, 4_500_000_000, 7)
    with pytest.raises(BrokenError, match="sizes are missing"):
        zip_directory._wide(entry, (full, full, full))


@pytest.mark.parametrize("what", ["before", "behind"])
def test_an_archive_within_something_else_is_refused(what: str):
    archive = packed({"a": b"x"}, zipfile.ZIP_STORED)
    with pytest.raises(BrokenError):
        unpacked(b"#!/bin/sh\n" + archive if what == "before" else archive + b"more")


def test_no_more_is_unpacked_than_the_directory_says():
    archive = bytearray(packed({"a": b"\0" * 100_000}, zipfile.ZIP_DEFLATED))
    place = archive.index(b"PK\x01\x02") + 24
    archive[place : place + 4] = struct.pack("<I", 10)
    (entry,) = zip_directory.entries(io.BytesIO(bytes(archive)))
    assert len(zip_directory.content(io.BytesIO(bytes(archive)), entry)) == 11
