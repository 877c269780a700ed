"""The text of a file from outside: how large it may be, in which encoding it is, and what is wrong with it.

Lock files come from other people's machines. Whatever is wrong with one becomes a `Malformed` that names the line.
"""

from __future__ import annotations

import os
import re
import stat
from typing import NamedTuple

from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST_BYTES = 32_000_000
"""Parsed, a document takes ten times its size in memory; the largest lock files of monorepos have 10 MB."""

DEEPEST = 200
"""Levels of nesting; generated files have fewer than ten."""

_MOST_MISSES = 100
_COLON = re.compile(r"\s*:\s*")
# tomllib takes quadratic time for a key of many parts.
_LONG_KEY = re.compile(rf"(?:\.[ \t]*+(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+){{{DEEPEST}}}")

# The longest first: UTF-32 in little-endian order begins as UTF-16 does.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NAMED = re.compile(rb"[^#]*+#.*?coding[:=]\s*+([-\w.]+)")  # PEP 263


class Malformed(ExternalError):
    """A file is not what its name says.

    Attributes:
        reason: one phrase, without the file's name.
        line: counted from 1; 0 when it is about the whole file.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def text(path: str) -> str:
    r"""Return the text of a file with its line ends as ``\n``.

    Raises:
        Malformed: when it cannot be read, is not a regular file, is too large, or is not text.
    """
    return decode(content(path))


def content(path: str, largest_bytes: int = LARGEST_BYTES) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        Malformed: when it cannot be read, is not a regular file, or is too large.
    """
    try:
        # Not blocking, because a named pipe without a writer would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Malformed(f"cannot be read: {error.strerror}") from None
    except ValueError:
        raise Malformed("cannot be read: its name holds a NUL") from None
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise Malformed("is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        if found.st_size > largest_bytes:
            raise Malformed(f"has {found.st_size / 1e6:.0f} MB, over the limit of {largest_bytes / 1e6:.0f} MB")
        try:
            return file.read(largest_bytes)
        except OSError as error:
            raise Malformed(f"cannot be read: {error.strerror}") from None


def decode(raw: bytes) -> str:
    r"""Return bytes as text: a byte order mark decides, then a coding comment, then UTF-8, then Latin-1.

    >>> decode("a==1\r\n".encode("utf-16"))
    'a==1\n'

    Raises:
        Malformed: for bytes that do not fit their mark, or that hold NUL.
    """
    found = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "")
    try:
        decoded = raw.decode(found) if found else _unmarked(raw)
    except UnicodeError:
        raise Malformed(f"is not valid {found.removesuffix('-sig').upper()}") from None
    if "\0" in decoded:
        raise Malformed("is not a text: it holds NUL", decoded.count("\n", 0, decoded.index("\0")) + 1)
    return decoded.replace("\r\n", "\n")


def _unmarked(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        pass
    named = next((match[1].decode("ascii") for line in raw.split(b"\n", 2)[:2] if (match := _NAMED.match(line))), "")
    try:
        return raw.decode(named or "latin-1")
    except (UnicodeError, LookupError):
        # Names of packages are ASCII in every ecosystem, so comments are all that Latin-1 can spoil.
        return raw.decode("latin-1")


def from_json(document: str) -> dict[str, object]:
    """Return a JSON document whose top is an object.

    Raises:
        Malformed: with the line, when it is something else or nested too deeply.
    """
    import json

    try:
        value = json.loads(document)
    except json.JSONDecodeError as error:
        raise Malformed(f"is not valid JSON: {error.msg} (column {error.colno})", error.lineno) from None
    except RecursionError:
        raise Malformed("is nested too deeply", _deep_line(document)) from None
    except ValueError:  # a whole number of more than 4,300 digits
        raise Malformed("holds a number that is too long") from None
    if not isinstance(value, dict):
        raise Malformed("is not a JSON object", 1)
    return value


def _deep_line(document: str) -> int:
    depth = 0
    for match in re.finditer(r'"(?:[^"\\\n]|\\.)*+"?+|[\[{]|[\]}]', document):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > DEEPEST:
            return document.count("\n", 0, match.start()) + 1
    return 0


def from_toml(document: str) -> dict[str, object]:
    """Return a TOML document.

    Raises:
        Malformed: with the line, when it is not valid or nested too deeply.
    """
    import tomllib

    if long := _LONG_KEY.search(document):
        raise Malformed("is nested too deeply", document.count("\n", 0, long.start()) + 1)
    try:
        return tomllib.loads(document)
    except tomllib.TOMLDecodeError as error:
        reason, line = _toml_place(str(error))
        raise Malformed(f"is not valid TOML: {reason}", line) from None
    except RecursionError:
        raise Malformed("is nested too deeply", _deep_line(document)) from None
    except ValueError as error:  # a whole number of more than 4,300 digits
        raise Malformed("holds a number that is too long") from error


def _toml_place(message: str) -> tuple[str, int]:
    match = re.search(r" \(at line (\d+), column \d+\)$", message)
    return (message[: match.start()], int(match[1])) if match else (message.removesuffix(" (at end of document)"), 0)


class Lines:
    """Line numbers of things that are in a document in the order in which they are asked for."""

    def __init__(self, document: str) -> None:
        self._document = document
        self._at = 0
        self._line = 1
        self._misses = 0

    def find(self, wanted: str | JsonPlace) -> int:
        """Return the line of the next place that fits; 0 and no step when there is none.

        After many misses it gives up: each has searched the whole document.

        Args:
            wanted: a place in JSON, or a pattern.
        """
        if self._misses >= _MOST_MISSES:
            return 0
        place = wanted.find(self._document, self._at) if isinstance(wanted, JsonPlace) else self._search(wanted)
        if place is None:
            self._misses += 1
            return 0
        start, end = place
        self._line += self._document.count("\n", self._at, start)
        line = self._line
        # The next search must not find the same again.
        self._line += self._document.count("\n", start, end)
        self._at = end
        return line

    def _search(self, pattern: str) -> tuple[int, int] | None:
        match = re.compile(pattern).search(self._document, self._at)
        return match.span() if match else None


class JsonPlace(NamedTuple):
    """A text in JSON and what is beside it; found without a pattern of its own, which takes 200 us to compile.

    Attributes:
        texts: the forms of the text, in quotes.
        after: what must follow the text and a colon; empty when the text is a value.
        before: forms of the key that must come before the text and a colon; empty when the text is the key.
    """

    texts: tuple[str, ...]
    after: str = ""
    before: tuple[str, ...] = ()

    def find(self, document: str, start: int) -> tuple[int, int] | None:
        """Return where the first place from `start` on begins and ends; None when there is none."""
        found = [place for text in self.texts if (place := self._find(text, document, start))]
        return min(found, default=None)

    def _find(self, text: str, document: str, start: int) -> tuple[int, int] | None:
        at = document.find(text, start)
        while at >= 0:
            place = self._check_key(document, at) if self.before else self._check_value(document, at, at + len(text))
            if place and place[0] >= start:
                return place[0], max(place[1], at + len(text))
            at = document.find(text, at + 1)
        return None

    def _check_value(self, document: str, at: int, end: int) -> tuple[int, int] | None:
        colon = _COLON.match(document, end)
        if colon and document.startswith(self.after, colon.end()):
            return at, colon.end() + len(self.after)
        return None

    def _check_key(self, document: str, at: int) -> tuple[int, int] | None:
        end = _skip_space_back(document, at)
        if not document.endswith(":", 0, end):
            return None
        end = _skip_space_back(document, end - 1)
        key_ = next((name for name in self.before if document.endswith(name, 0, end)), None)
        return (end - len(key_), at) if key_ else None


def _skip_space_back(document: str, end: int) -> int:
    while end and document[end - 1].isspace():
        end -= 1
    return end


def key(name: str, opening: str = "{") -> JsonPlace:
    r"""Return the place of a JSON key whose value is an object, or a list where that is what opens.

    >>> key("a/b").find('{"a/b": {}}', 0)
    (1, 9)
    """
    return JsonPlace(_quoted(name), after=opening)


def pair(name: str, value: str) -> JsonPlace:
    r"""Return the place of a JSON key with a text as its value.

    >>> pair("a", "b").find('{"b": "a", "a": "b"}', 0)
    (11, 19)
    """
    return JsonPlace(_quoted(value), before=_quoted(name))


def _quoted(name: str) -> tuple[str, ...]:
    import json

    return tuple(sorted({json.dumps(name), json.dumps(name, ensure_ascii=False)}))


def guarded(parse: Callable[[], None]) -> None:
    """Run a parser over a valid document of an unexpected shape: a list where an object belongs, for example.

    Raises:
        Malformed: in place of the error that Python raises then.
    """
    try:
        parse()
    except (AttributeError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise Malformed(f"has an unexpected shape ({type(error).__name__})") from error
