r"""A program of Go: the modules and the release of Go that the linker wrote into it.

Source: debug/buildinfo of Go. A header of 32 bytes begins with ``\xff Go buildinf:``; since Go 1.18 two texts follow,
each after its length as a varint: the release, and the modules between two marks of 16 bytes.
"""

from __future__ import annotations

import os
import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.collector import LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.manifest.collector import ManifestCollector

_MAGIC = b"\xff Go buildinf:"
_PROGRAMS = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe")  # Linux and the like, Windows, macOS
_ALIGNED = 16
_HEADER_BYTES = 32
_FLAGS = 15
_IS_INLINE = 2
_MARK_BYTES = 16
_LARGEST_BYTES = 8_000_000
_LONGEST_VARINT = 5
_RELEASE = re.compile(r"go(\d+\.\d+)(\.\d+)?((?:rc|beta)\d+)?")
_PIN = "build it with a supported release of Go and modules"
_PIN_MAIN = "build it from a tagged checkout with Go 1.24 or later, which stamps the version"


def is_one(path: str) -> bool:
    """Tell whether a regular file is a program that the linker of Go wrote.

    Raises:
        OSError: when it cannot be read.
    """
    with open(path, "rb", buffering=0) as file:
        if not file.read(4).startswith(_PROGRAMS):
            return False
    return bool(_blob(path))


def read(path: str, collector: ManifestCollector) -> None:
    """Read the modules of a program into the collector, and the standard library.

    Raises:
        Malformed: when it cannot be read, is of Go before 1.18, or says nothing of modules.
    """
    try:
        blob = _blob(path)
    except OSError as error:
        raise safe_text.Malformed(f"cannot be read: {error.strerror}") from None
    if len(blob) < _HEADER_BYTES or not blob[_FLAGS] & _IS_INLINE:
        raise safe_text.Malformed("is a program of Go before 1.18, whose build information is not read here")
    release, rest = _text(blob[_HEADER_BYTES:])
    modules, _ = _text(rest)
    _standard_library(release.decode("utf-8", "replace"), collector)
    inner = modules[_MARK_BYTES:-_MARK_BYTES]
    if not inner.endswith(b"\n"):
        raise safe_text.Malformed("is a program of Go that does not say from which modules it was built")
    _modules(inner.decode("utf-8", "replace"), collector)


def _blob(path: str) -> bytes:
    """Return the build information and what follows it; empty for a program that has none."""
    import mmap

    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size < _HEADER_BYTES:
            return b""
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at = content.find(_MAGIC)
            # Programs that read such information hold the magic as a text too, but not where the linker puts it.
            while at >= 0 and at % _ALIGNED:
                at = content.find(_MAGIC, at + 1)
            return content[at : at + _LARGEST_BYTES] if at >= 0 else b""


def _text(blob: bytes) -> tuple[bytes, bytes]:
    """Return the text after a varint with its length, and what follows it."""
    length = 0
    for index, byte in enumerate(blob[:_LONGEST_VARINT]):
        length |= (byte & 0x7F) << 7 * index
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a varint
            end = index + 1 + length
            if end > len(blob):
                break
            return blob[index + 1 : end], blob[end:]
    raise safe_text.Malformed("has build information of Go that is cut off or damaged")


def _standard_library(release: str, collector: ManifestCollector) -> None:
    match = _RELEASE.match(release)
    if match:
        early = f"-{match[3]}" if match[3] else ""
        collector.add("stdlib", match[1] + (match[2] or ".0") + early, source=f"go {match[0]}")
    else:
        collector.skip(f"stdlib {release}".strip(), "was not built by a release of Go", pin=_PIN)


def _modules(text: str, collector: ManifestCollector) -> None:
    """Note each module; a line with an arrow replaces the one before it."""
    named: list[tuple[str, str, str]] = []
    for line in text.split("\n"):
        kind, *fields = line.split("\t")
        name, version = (*fields, "", "")[:2]
        if kind in ("mod", "dep"):
            named.append((kind, name, version))
        elif kind == "=>" and named:
            named[-1] = (named[-1][0], name, version)
    for kind, name, version in named:
        if version == "(devel)" and kind == "mod":
            collector.skip(name, "was built without a version", pin=_PIN_MAIN)
        elif not version or version == "(devel)":
            collector.skip(name, LOCAL)
        else:
            collector.add(name, version)
