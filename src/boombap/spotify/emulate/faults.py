"""The fault script: which requests are answered with trouble, and with which.

A script is a list of ``{match, nth, times, rate, seed, then}``: from the `nth` request whose path matches on, `times`
of them (0: all that follow) are answered as `then` says: ``{kind, status, headers, message, delay_ms, ban_s}``. With a
`rate` from 0 to 1 only this share of them is struck, drawn with the `seed`, and `times` is 0 unless it is given: which
ones depends on path, seed and how often the path was asked for, not on the order in which requests come in.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from boombap.errors import UsageError
from boombap.spotify.emulate.catalogue import fraction
from boombap.spotify.emulate.quirk import Quirk

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = MappingProxyType(
    {
        "json": 500,
        "html": 502,
        "malformed": 200,
        "truncated": 200,
        "reset": 200,
        "slow": 200,
        "drip": 200,
        "null": 200,
        "relink": 200,
        "quota": 429,
        "ban": 429,
        **dict.fromkeys(Quirk, 200),
    }
)
"""What a fault can be, and the status it has unless the script says another."""
_QUIRKS = frozenset(Quirk)
_FAULT = frozenset(("match", "nth", "times", "rate", "seed", "then"))
_THEN = frozenset(("kind", "status", "headers", "message", "delay_ms", "ban_s"))
_STATUSES = range(200, 600)
_DELAYS_MS = {"slow": 5_000.0, "drip": 5_000.0}
_BAN_S = 3_600.0
_LINE = re.compile(r"[^\r\n\0]*")


class Then(NamedTuple):
    """The trouble.

    Attributes:
        headers: further ones; a Retry-After may be any text.
        delay_ms: before the response; of a drip, between the halves of its body.
        ban_s: how long a ban lasts when nobody calls.
    """

    kind: str
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    message: str = ""
    delay_ms: float = 0.0
    ban_s: float = _BAN_S


class Trouble(NamedTuple):
    """What the script does to one request.

    Attributes:
        then: of the first fault that strikes; None when none does.
        quirks: of a search.
    """

    then: Then | None = None
    quirks: frozenset[Quirk] = frozenset()


@dataclass(slots=True)
class Fault:
    """An entry of the script, and the number of requests it has seen and struck."""

    match: re.Pattern[str]
    nth: int
    times: int
    then: Then
    rate: float = 1.0
    seed: int = 0
    seen: int = field(default=0)
    struck: int = field(default=0)
    _seen_by_path: Counter[int] = field(default_factory=Counter)

    def strikes(self, path: str) -> bool:
        """Count the request if its path matches, and tell whether it is one of those that are meant."""
        if not self.match.search(path):
            return False
        self.seen += 1
        is_meant = self.seen >= self.nth and (not self.times or self.struck < self.times) and self._is_drawn(path)
        self.struck += is_meant
        return is_meant

    def _is_drawn(self, path: str) -> bool:
        if self.rate >= 1:
            return True
        number = crc32(path.encode(errors="replace"))
        self._seen_by_path[number] += 1
        drawn = fraction(self.seed, self.match.pattern, *self.then, path, self._seen_by_path[number])
        return drawn < self.rate


class Script:
    """The faults that are in force; a new script takes the place of the old one."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def set(self, faults: list[Fault]) -> None:
        """Put these faults in force."""
        with self._lock:
            self._faults = faults

    def strike(self, path: str) -> Trouble:
        """Return the trouble for a request.

        Args:
            path: with its query.
        """
        with self._lock:
            struck = [fault.then for fault in self._faults if fault.strikes(path)]
        quirks = frozenset([Quirk(then.kind) for then in struck if then.kind in _QUIRKS])
        return Trouble(next((then for then in struck if then.kind not in _QUIRKS), None), quirks)

    def report(self) -> list[dict[str, object]]:
        """Return what each fault has seen and struck."""
        with self._lock:
            return [
                {"match": fault.match.pattern, "kind": fault.then.kind, "seen": fault.seen, "struck": fault.struck}
                for fault in self._faults
            ]


def read_file(path: str) -> list[Fault]:
    """Return the script of a file: TOML with ``[[fault]]`` where its name ends in .toml, else JSON.

    Raises:
        UsageError: for a file that cannot be read or is not a script.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        if Path(path).suffix != ".toml":
            return parse(json.loads(text))
        import tomllib

        return parse(tomllib.loads(text))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not a fault script: {error}") from None


def parse(script: object) -> list[Fault]:
    """Return the faults of decoded JSON or TOML: a list, or an object with the list under `fault`.

    Raises:
        UsageError: when it is not a script.
    """
    entries = script.get("fault") if isinstance(script, dict) else script
    if not isinstance(entries, list):
        raise UsageError("a fault script is a list of faults")
    return [_fault(_object(entry, _FAULT)) for entry in entries]


def _fault(entry: Mapping[str, object]) -> Fault:
    try:
        match = re.compile(str(entry.get("match", "")))
    except re.error as error:
        raise UsageError(f"the match {entry['match']!r} of a fault is not a regular expression: {error}") from None
    rate = _number(entry, "rate", 1.0)
    if rate > 1:
        raise UsageError(f"rate of a fault is a number from 0 to 1, not {rate:g}")
    nth, times = _whole(entry, "nth", 1), _whole(entry, "times", 0 if "rate" in entry else 1)
    then = _then(_object(entry.get("then"), _THEN))
    return Fault(match, max(1, nth), times, then, rate, _whole(entry, "seed", 0))


def _then(entry: Mapping[str, object]) -> Then:
    kind = str(entry.get("kind", "json"))
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is not a kind of fault", hint=f"the kinds are {', '.join(KINDS)}")
    status = _whole(entry, "status", KINDS[kind])
    if status not in _STATUSES:
        raise UsageError(f"a fault cannot have the status {status}", hint="give one from 200 to 599")
    headers = _object(entry.get("headers", {}), None)
    lines = tuple([(name, str(value)) for name, value in headers.items()])
    if not all(_LINE.fullmatch(part) and part.isascii() for line in lines for part in line):
        raise UsageError("a header of a fault is not one line of ASCII")
    delay_ms = _number(entry, "delay_ms", _DELAYS_MS.get(kind, 0.0))
    return Then(kind, status, lines, str(entry.get("message", "")), delay_ms, _number(entry, "ban_s", _BAN_S))


def _object(value: object, names: frozenset[str] | None) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UsageError("a fault is an object with match, nth, times, rate, seed and then")
    unknown = sorted(value.keys() - names) if names else []
    if unknown:
        raise UsageError(f"{unknown[0]!r} is nothing that a fault has", hint=f"it has {', '.join(sorted(names or ()))}")
    return value


def _whole(entry: Mapping[str, object], name: str, default: int) -> int:
    value = entry.get(name, default)
    if type(value) is not int or value < 0:
        raise UsageError(f"{name} of a fault is a whole number, not {value!r}")
    return value


def _number(entry: Mapping[str, object], name: str, default: float) -> float:
    value = entry.get(name, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise UsageError(f"{name} of a fault is a number, not {value!r}")
    return float(value)
