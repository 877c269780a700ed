"""What is known about exploitation, by CVE id: CISA's catalogue (KEV) and FIRST's probabilities (EPSS), from files."""

from __future__ import annotations

from boombap.errors import ExternalError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

_MOST_BYTES = 256 * 1024**2


def kev(path: Path) -> dict[str, str]:
    """Return the day on which each CVE entered the catalogue.

    Raises:
        ExternalError: when the file cannot be read or is not such a catalogue.
    """
    import orjson

    try:
        entries = orjson.loads(_read(path))["vulnerabilities"]
        return {str(entry["cveID"]): str(entry.get("dateAdded") or "unknown") for entry in entries}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ExternalError(
            f"{path} is not a catalogue of known exploited vulnerabilities", hint="check deps.kev"
        ) from None


def epss(path: Path, wanted: Container[str]) -> dict[str, float]:
    """Return the probability of each CVE that is wanted, from the CSV file as it is published, packed or not.

    Raises:
        ExternalError: when the file cannot be read or is not such a list.
    """
    lines = _unpacked(path).decode("utf-8", "replace").splitlines()
    found: dict[str, float] = {}
    head = next((line for line in lines if not line.startswith("#")), "")
    if not head.lower().startswith("cve,epss"):
        raise ExternalError(f"{path} is not a list of exploitation probabilities", hint="check deps.epss")
    for line in lines:
        id_, _, rest = line.partition(",")
        if id_ in wanted:
            try:
                found[id_] = min(1.0, max(0.0, float(rest.partition(",")[0])))
            except ValueError:
                continue
    return found


def _unpacked(path: Path) -> bytes:
    content = _read(path)
    if content[:2] != b"\x1f\x8b":
        return content
    import zlib

    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(content, _MOST_BYTES)
    except zlib.error:
        unpacked = b""
    if not unpacker.eof:
        raise ExternalError(f"{path} is not a whole gzip file, or unpacks to more than 256 MiB")
    return unpacked


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except FileNotFoundError:
        raise NotFound(f"no such file: {path}", hint="check deps.kev and deps.epss") from None
    except OSError as error:
        raise ExternalError(f"cannot read {path}: {error.strerror}") from None
