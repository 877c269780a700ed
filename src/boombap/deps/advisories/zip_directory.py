"""The directory of a zip archive, entry by entry: `zipfile` keeps all of them, 58 MiB for 100,000 records.

Source: APPNOTE.TXT - .ZIP File Format Specification, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14 and
4.3.15 (ZIP64), 4.3.16 (end), and 4.5.3 (sizes of ZIP64).
"""

from __future__ import annotations

import os
import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

STORED, DEFLATED = 0, 8
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_END64_PLACE = struct.Struct("<4sIQI")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_LOCAL = struct.Struct("<4s5H3I2H")
_LONGEST_COMMENT = 65_535
_ZIP64 = 0x0001
_UTF8 = 0x800
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFF_FFFF
_PIECE_BYTES = 64 * 1024


class BrokenError(Exception):
    """The archive is not whole, or not as the specification says."""


class Entry(NamedTuple):
    """One entry as the directory describes it.

    Attributes:
        name: with slashes.
        flags: the general purpose bits.
        method: how it is packed.
        crc: CRC-32 of its content.
        packed_bytes: its size in the archive.
        size_bytes: its size when unpacked.
        mode: the file's mode as Unix has it; 0 where another system wrote it.
        offset: of its local header.
    """

    name: str
    flags: int
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    mode: int
    offset: int


def entries(file: BinaryIO) -> Iterator[Entry]:
    """Yield every entry of the directory, in its order.

    Args:
        file: seekable; the position is this function's while it runs.

    Raises:
        BrokenError: when the directory is missing or cut, or contradicts itself.
    """
    count, size_bytes, place = _directory(file)
    file.seek(place)
    for _ in range(count):
        fixed = _ENTRY.unpack(_exactly(file, _ENTRY.size))
        signature, _, _, flags, method, _, _, crc, packed, size, *lengths, _, _, attributes, offset = fixed
        if signature != b"PK\x01\x02":
            raise BrokenError("its directory has fewer entries than it says")
        name = _exactly(file, lengths[0])
        extra = _exactly(file, lengths[1])
        file.seek(lengths[2], os.SEEK_CUR)
        size, packed, offset = _wide(extra, (size, packed, offset))
        text = name.decode("utf-8" if flags & _UTF8 else "cp437")
        yield Entry(text, flags, method, crc, packed, size, attributes >> 16, offset)
    if file.tell() != place + size_bytes:
        raise BrokenError("its directory is not as long as it says")


def content(file: BinaryIO, entry: Entry) -> bytes:
    """Return the content of a stored or deflated entry, at most one byte more than the directory says.

    Raises:
        BrokenError: when the local header is another's, the content is cut, or its checksum is wrong.
    """
    file.seek(entry.offset)
    signature, _, flags, method, *_, name_length, extra_length = _LOCAL.unpack(_exactly(file, _LOCAL.size))
    name = _exactly(file, name_length)
    if signature != b"PK\x03\x04" or (flags ^ entry.flags) & 1 or method != entry.method:
        raise BrokenError(f"the header of {entry.name!r} contradicts the directory")
    if name.decode("utf-8" if flags & _UTF8 else "cp437") != entry.name:
        raise BrokenError(f"the directory calls {name!r} {entry.name!r}")
    file.seek(extra_length, os.SEEK_CUR)
    text = _exactly(file, entry.packed_bytes) if entry.method == STORED else _inflated(file, entry)
    if len(text) == entry.size_bytes and zlib.crc32(text) != entry.crc:
        raise BrokenError(f"the checksum of {entry.name!r} is wrong")
    return text


def _inflated(file: BinaryIO, entry: Entry) -> bytes:
    unpacker = zlib.decompressobj(-15)
    left, most, pieces = entry.packed_bytes, entry.size_bytes + 1, []
    while left and most and not unpacker.eof:
        piece = _exactly(file, min(left, _PIECE_BYTES))
        left -= len(piece)
        pieces.append(unpacker.decompress(piece, most))
        most -= len(pieces[-1])
    return b"".join(pieces)


def _directory(file: BinaryIO) -> tuple[int, int, int]:
    """Return how many entries the directory has, its bytes and its place."""
    file_bytes = file.seek(0, os.SEEK_END)
    tail_place = max(0, file_bytes - _END.size - _LONGEST_COMMENT)
    file.seek(tail_place)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise BrokenError("it has no directory")
    _, disk, first_disk, here, count, size_bytes, place, comment = _END.unpack_from(tail, at)
    end_place = tail_place + at
    if comment != len(tail) - at - _END.size:
        raise BrokenError("something follows its end")
    if _FULL_16 in (here, count) or _FULL_32 in (size_bytes, place):
        end_place, disk, first_disk, here, count, size_bytes, place = _directory64(file, end_place)
    if disk or first_disk or here != count:
        raise BrokenError("it is one of several parts")
    if place + size_bytes != end_place:
        raise BrokenError("its directory is not where it says")
    return count, size_bytes, place


def _directory64(file: BinaryIO, end_place: int) -> tuple[int, int, int, int, int, int, int]:
    file.seek(max(0, end_place - _END64_PLACE.size))
    signature, _, place64, _ = _END64_PLACE.unpack(_exactly(file, _END64_PLACE.size))
    if signature != b"PK\x06\x07":
        raise BrokenError("its ZIP64 end is missing")
    file.seek(min(place64, end_place))
    end = _END64.unpack(_exactly(file, _END64.size))
    signature, _, _, _, disk, first_disk, here, count, size_bytes, place = end
    if signature != b"PK\x06\x06":
        raise BrokenError("its ZIP64 end is not where it says")
    return place64, disk, first_disk, here, count, size_bytes, place


def _wide(extra: bytes, values: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return sizes and offset, those that are too large for 32 bits from the extra field."""
    if _FULL_32 not in values:
        return values
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _ZIP64:
            numbers = iter(struct.unpack_from(f"<{length // 8}Q", extra[: at + 4 + length], at + 4))
            wide = [next(numbers, -1) if value == _FULL_32 else value for value in values]
            if -1 not in wide:
                return wide[0], wide[1], wide[2]
        at += 4 + length
    raise BrokenError("an entry's ZIP64 sizes are missing")


def _exactly(file: BinaryIO, length: int) -> bytes:
    text = file.read(length)
    if len(text) != length:
        raise BrokenError("it is cut")
    return text
