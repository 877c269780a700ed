"""The records in an archive, one after the other, out of a zip file that nobody has to trust.

Nothing is unpacked to the disk, so a name cannot lead anywhere; hostile archives are refused all the same, because
its maker is not a source of advisories.
"""

from __future__ import annotations

import stat
import struct
import zlib
from array import array

from boombap.deps.advisories import zip_directory
from boombap.errors import ExternalError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from boombap.deps.advisories.zip_directory import Entry

MOST_ENTRIES = 2_000_000
MOST_ENTRY_BYTES = 32 * 1024**2
MOST_TOTAL_BYTES = 16 * 1024**3
# The whole export of npm packs 1:9; its longest list of versions, alone in a record, 1:60.
_MOST_RATIO = 250
_SMALL_BYTES = 1024**2
_METHODS = (zip_directory.STORED, zip_directory.DEFLATED)
_ENCRYPTED = 0x1
_AT_ONCE = 50_000


def records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every ``.json`` entry; the directory is read twice and never kept.

    Raises:
        NotFound: when there is no such file.
        ExternalError: for a file that is not a zip archive, is damaged, or is hostile; the message says how.
    """
    try:
        with path.open("rb") as listing, path.open("rb") as archive:
            _refuse_hostile(listing, path)
            for entry in zip_directory.entries(listing):
                if entry.name.endswith(".json"):
                    yield entry.name, _read(archive, entry, path)
    except FileNotFoundError:
        raise NotFound(f"no archive at {path}") from None
    except (zip_directory.BrokenError, zlib.error, struct.error, UnicodeDecodeError) as error:
        raise ExternalError(f"{path.name} is not a whole zip archive: {error}", hint="fetch it again") from None
    except OSError as error:
        raise ExternalError(f"{path.name} cannot be read: {error.strerror or error}") from None


def _refuse_hostile(listing: BinaryIO, path: Path) -> None:
    names, packed_bytes, size_bytes = array("q"), 0, 0
    archive_bytes = path.stat().st_size
    for entry in zip_directory.entries(listing):
        names.append(hash(entry.name))
        packed_bytes += entry.packed_bytes
        size_bytes += entry.size_bytes
        if reason := _entry_reason(entry):
            raise _hostile(path, reason)
        if len(names) > MOST_ENTRIES:
            raise _hostile(path, f"holds more than {MOST_ENTRIES:,} entries")
        if size_bytes > MOST_TOTAL_BYTES:
            raise _hostile(path, "unpacks to more than is allowed")
        if packed_bytes > archive_bytes:
            raise _hostile(path, "has entries that lie over each other")
    if _has_doubles(names):
        raise _hostile(path, "holds two entries of one name")


def _has_doubles(names: array[int]) -> bool:
    """Tell whether two of the names' hashes are the same, part by part: a set of all takes 80 bytes a name."""
    parts = len(names) // _AT_ONCE + 1
    for part in range(parts):
        mine = [name for name in names if name % parts == part]
        if len(set(mine)) != len(mine):
            return True
    return False


def _entry_reason(entry: Entry) -> str:
    name = entry.name
    is_far = entry.size_bytes > _SMALL_BYTES and entry.size_bytes > _MOST_RATIO * max(1, entry.packed_bytes)
    is_elsewhere = name.startswith("/") or "\\" in name or ":" in name[:2] or ".." in name.split("/")
    reasons = {
        "has an entry that is encrypted": bool(entry.flags & _ENCRYPTED),
        "has an entry that is a link": stat.S_ISLNK(entry.mode),
        "has an entry whose name leads elsewhere": is_elsewhere,
        "has an entry packed in an unusual way": entry.method not in _METHODS,
        "has an entry that is too large": entry.size_bytes > MOST_ENTRY_BYTES,
        "has an entry that unpacks too far": is_far,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _read(archive: BinaryIO, entry: Entry, path: Path) -> bytes:
    text = zip_directory.content(archive, entry)
    # The directory says one size, the packed stream may hold another.
    if len(text) != entry.size_bytes:
        raise _hostile(path, "has an entry that is not as long as the directory says")
    return text


def _hostile(path: Path, reason: str) -> ExternalError:
    return ExternalError(f"{path.name} is refused: it {reason}", hint="check the source; the old database stays")
