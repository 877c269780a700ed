"""The records in an archive, one after the other, out of a zip file that nobody has to trust.

Nothing is unpacked to the disk, so a name cannot lead anywhere; hostile archives are refused all the same, because
its maker is not a source of advisories.
"""

from __future__ import annotations

import stat
import zipfile
import zlib

from boombap.errors import ExternalError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_ENTRIES = 2_000_000
MOST_ENTRY_BYTES = 32 * 1024**2
MOST_TOTAL_BYTES = 16 * 1024**3
# The whole export of npm packs 1:9; its longest list of versions, alone in a record, 1:60.
_MOST_RATIO = 250
_SMALL_BYTES = 1024**2
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of every ``.json`` entry.

    Raises:
        NotFound: when there is no such file.
        ExternalError: for a file that is not a zip archive, is damaged, or is hostile; the message says how.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _refuse_hostile(entries, path)
            for entry in entries:
                if entry.filename.endswith(".json"):
                    yield entry.filename, _read(archive, entry, path)
    except FileNotFoundError:
        raise NotFound(f"no archive at {path}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise ExternalError(f"{path.name} is not a whole zip archive: {error}", hint="fetch it again") from None
    except OSError as error:
        raise ExternalError(f"{path.name} cannot be read: {error.strerror or error}") from None


def _refuse_hostile(entries: list[zipfile.ZipInfo], path: Path) -> None:
    size_bytes = path.stat().st_size
    reasons = {
        f"holds more than {MOST_ENTRIES:,} entries": len(entries) > MOST_ENTRIES,
        "holds two entries of one name": len({entry.filename for entry in entries}) != len(entries),
        "unpacks to more than is allowed": sum(entry.file_size for entry in entries) > MOST_TOTAL_BYTES,
        "has entries that lie over each other": sum(entry.compress_size for entry in entries) > size_bytes,
    }
    for entry in entries:
        reasons |= _entry_reasons(entry)
    for reason, applies in reasons.items():
        if applies:
            raise _hostile(path, reason)


def _entry_reasons(entry: zipfile.ZipInfo) -> dict[str, bool]:
    name = entry.filename
    found = {
        "has an entry that is encrypted": bool(entry.flag_bits & _ENCRYPTED),
        "has an entry that is a link": stat.S_ISLNK(entry.external_attr >> 16),
        "has an entry whose name leads elsewhere": name.startswith(("/", "\\"))
        or "\\" in name
        or ":" in name[:2]
        or ".." in name.split("/"),
        "has an entry packed in an unusual way": entry.compress_type not in _METHODS,
        "has an entry that is too large": entry.file_size > MOST_ENTRY_BYTES,
        "has an entry that unpacks too far": entry.file_size > _SMALL_BYTES
        and entry.file_size > _MOST_RATIO * max(1, entry.compress_size),
    }
    return {reason: True for reason, applies in found.items() if applies}


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> bytes:
    with archive.open(entry) as packed:
        content = packed.read(entry.file_size + 1)
    # The directory says one size, the packed stream may hold another.
    if len(content) != entry.file_size:
        raise _hostile(path, "has an entry that is not as long as the directory says")
    return content


def _hostile(path: Path, reason: str) -> ExternalError:
    return ExternalError(f"{path.name} is refused: it {reason}", hint="check the source; the old database stays")
