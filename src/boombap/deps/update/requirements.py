"""Pins and hashes of a requirements file, changed in place: every other byte stays as it is."""

from __future__ import annotations

import re

from boombap.deps.manifest import safe_text
from boombap.deps.manifest.pypi.requirements import exact_version, logical_lines
from boombap.deps.package_names import normalise
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PIN = re.compile(r"(\s*([A-Za-z0-9][\w.-]*)[ \t]*(?:\[[^\]]*\])?[ \t]*\(?[ \t]*={2,3}[ \t]*)([^\s;,)#\\]+)", re.ASCII)
_HASHES = re.compile(r"--hash[=\s]")
_FIRST_HASH = re.compile(r"(?<![ \t])(?P<before>[ \t]*+(?:\\\r?\n[ \t]*+)?+)--hash(?P<sign>[= ])[^\s\\]+")
_ALL_HASHES = re.compile(r"(?:[ \t]*+(?:\\\r?\n[ \t]*+)?+--hash[= ][^\s\\]++)++")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_PLACES = ("-i", "-f", "--index-url", "--extra-index-url", "--find-links", "--no-index")


class Entry(Record):
    """One requirement of a file.

    Attributes:
        line: its first line, counted from 1.
        text: what it asks for, without hashes and comments.
        name: as it is written.
        normal: as PyPI compares names.
        version: that it pins; empty when it pins none.
        has_hashes: whether it lists hashes.
    """

    line: int
    text: str
    name: str = ""
    normal: str = ""
    version: str = ""
    has_hashes: bool = False


def entries(text: str) -> tuple[list[Entry], list[str]]:
    """Return the requirements of a file, and the lines that say where packages come from."""
    found: list[Entry] = []
    places: list[str] = []
    for line, logical in logical_lines(text):
        stripped = logical.strip()
        if stripped.startswith("-"):
            if stripped.split("=")[0].split()[0] in _PLACES:
                places.append(stripped)
            continue
        bare = _HASHES.split(stripped)[0].strip()
        match = re.match(r"([A-Za-z0-9][\w.-]*+)(?:\s*+\[[^\]]*+\])?+([^;@]*+)(?=;|$)", bare, re.ASCII)
        if match:
            version = exact_version(match[2].strip())
            name = match[1]
            has_hashes = bare != stripped
            found.append(Entry(line, bare, name, normalise("PyPI", name), version, has_hashes))
        else:
            found.append(Entry(line, bare))
    return found, places


def changed(raw: bytes, versions: Mapping[int, str], hashes: Mapping[int, Sequence[str]]) -> bytes:
    """Return the bytes of a file with other versions, and where they are given other hashes.

    Args:
        raw: the file.
        versions: by the first line of the entry.
        hashes: by the first line of the entry; those of the file go.
    """
    mark, text = _decoded(raw)
    lines = text.splitlines(keepends=True)
    for line in sorted(versions, reverse=True):
        end = line
        while end < len(lines) and lines[end - 1].rstrip("\r\n").endswith("\\"):
            end += 1
        whole = _PIN.sub(lambda match, to=versions[line]: match[1] + to, "".join(lines[line - 1 : end]), count=1)  # type: ignore[misc]
        lines[line - 1 : end] = [_with_hashes(whole, hashes[line]) if hashes.get(line) else whole]
    return mark[0] + "".join(lines).encode(mark[1])


def _with_hashes(entry: str, hashes: Sequence[str]) -> str:
    first = _FIRST_HASH.search(entry)
    if first is None:
        return entry
    # pip-compile, uv and pip-tools begin each hash on a line of its own, others go on in one line.
    written = "".join(f"{first['before']}--hash{first['sign']}{one}" for one in hashes)
    begin = first.start()
    match = _ALL_HASHES.match(entry, begin)
    assert match is not None, "the first hash was found there"
    return entry[:begin] + written + entry[match.end() :]


def added(raw: bytes, name: str, version: str, hashes: Sequence[str]) -> bytes:
    """Return the bytes of a file with one more pin at its end."""
    mark, text = _decoded(raw)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [f"{name}=={version}", *(f"    --hash={one}" for one in hashes)]
    start = "" if not text or text.endswith(("\n", "\r")) else end
    return mark[0] + (text + start + f" \\{end}".join(lines) + end).encode(mark[1])


def _decoded(raw: bytes) -> tuple[tuple[bytes, str], str]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return (mark, encoding), raw[len(mark) :].decode(encoding)
    try:
        return (b"", "utf-8"), raw.decode()
    except UnicodeDecodeError:
        return (b"", "latin-1"), raw.decode("latin-1")


def text_of(raw: bytes) -> str:
    """Return the text of a file as its reader sees it.

    Raises:
        Malformed: when it is none.
    """
    return safe_text.decode(raw)
