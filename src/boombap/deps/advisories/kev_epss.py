"""What is known about exploitation, by CVE id: CISA's catalogue (KEV) and FIRST's probabilities (EPSS), from files."""

from __future__ import annotations

from boombap.errors import ExternalError, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_BYTES = 256 * 1024**2
_PIECE_BYTES = 64 * 1024
_MOST_PIECE_BYTES = 1024**2
_LONGEST_LINE = 4096
_DAY = len("2026-11-26")
_GZIP = b"\x1f\x8b"


def kev(path: Path) -> tuple[str, dict[str, str]]:
    """Return the day of the catalogue, and the day on which each CVE entered it.

    Raises:
        ExternalError: when the file cannot be read or is not such a catalogue.
    """
    import orjson

    try:
        catalogue = orjson.loads(_read(path))
        days = {str(one["cveID"]): str(one.get("dateAdded") or "unknown") for one in catalogue["vulnerabilities"]}
        return str(catalogue.get("dateReleased") or "unknown")[:_DAY], days
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ExternalError(
            f"{path} is not a catalogue of known exploited vulnerabilities", hint="check deps.kev"
        ) from None


def epss(path: Path) -> Iterator[tuple[str, float]]:
    """Yield each CVE with its probability, from the CSV file as it is published, packed or not.

    Raises:
        ExternalError: when the file cannot be read or is not such a list.
    """
    has_head = False
    for line in _lines(path):
        id_, _, rest = line.partition(",")
        if has_head and id_.startswith("CVE-"):
            try:
                yield id_, min(1.0, max(0.0, float(rest.partition(",")[0])))
            except ValueError:
                continue
        elif not line.startswith("#"):
            has_head = has_head or line.lower().startswith("cve,epss")
            if not has_head:
                break
    if not has_head:
        raise ExternalError(f"{path} is not a list of exploitation probabilities", hint="check deps.epss")


def epss_date(path: Path) -> str:
    """Return the day of which the probabilities are; ``unknown`` when the file does not say.

    Raises:
        ExternalError: when the file cannot be read.
    """
    _, _, date = next(_lines(path), "").partition("score_date:")
    return date[:_DAY] or "unknown"


def _lines(path: Path) -> Iterator[str]:
    rest, unpacked_bytes = b"", 0
    for piece in _unpacked(path):
        unpacked_bytes += len(piece)
        if unpacked_bytes > _MOST_BYTES:
            raise ExternalError(f"{path} unpacks to more than 256 MiB", hint="check deps.epss")
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise ExternalError(f"{path} is not a list of exploitation probabilities", hint="check deps.epss")
        yield from (line.decode("utf-8", "replace") for line in lines)
    if rest:
        yield rest.decode("utf-8", "replace")


def _unpacked(path: Path) -> Iterator[bytes]:
    import zlib

    try:
        with path.open("rb") as file:
            piece = file.read(_PIECE_BYTES)
            if piece[:2] != _GZIP:
                while piece:
                    yield piece
                    piece = file.read(_PIECE_BYTES)
                return
            unpacker = zlib.decompressobj(wbits=31)
            while piece and not unpacker.eof:
                yield unpacker.decompress(piece, _MOST_PIECE_BYTES)
                piece = unpacker.unconsumed_tail or file.read(_PIECE_BYTES)
            if not unpacker.eof:
                raise _cut(path)
    except zlib.error:
        raise _cut(path) from None
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise ExternalError(f"cannot read {path}: {error.strerror}") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as error:
        raise ExternalError(f"cannot read {path}: {error.strerror}") from None


def _missing(path: Path) -> NotFound:
    return NotFound(f"no such file: {path}", hint="check deps.kev and deps.epss")


def _cut(path: Path) -> ExternalError:
    return ExternalError(f"{path} is not a whole gzip file", hint="fetch it again")
