"""Durations, sizes and counts: parsed from what people type, formatted for display."""

from __future__ import annotations

import re
from itertools import pairwise

from boombap.errors import UsageError

_SECONDS = {
    "ms": 0.001,
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86_400,
    "day": 86_400,
    "w": 604_800,
    "week": 604_800,
    "y": 31_536_000,
    "year": 31_536_000,  # of 365 days
}
_LONGEST_S = 10 * 366 * 86_400
_DURATION_STEPS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SIZE_STEPS = ((1024**4, "TiB"), (1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))
_COUNT_STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.ASCII)


def parse_duration_s(text: str) -> float:
    """Return the seconds in a duration such as ``250ms``, ``7d``, ``1h30m`` or ``2 days``.

    Raises:
        UsageError: for anything else, a bare number included, because its unit would be a guess.

    >>> parse_duration_s("1h30m"), parse_duration_s("2 days")
    (5400.0, 172800.0)
    """
    lowered = text.strip().lower()
    parts = _PART.findall(lowered)
    if not parts or _PART.sub("", lowered).strip():
        raise _not_a_duration(text)
    seconds = float(sum(float(number) * _unit_s(unit, text) for number, unit in parts))
    if seconds > _LONGEST_S:
        raise UsageError(f"{text!r} is too long", hint="the maximum is ten years")
    return seconds


def _unit_s(unit: str, text: str) -> float:
    seconds = _SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("s"))
    if seconds is None:
        raise _not_a_duration(text)
    return seconds


def _not_a_duration(text: str) -> UsageError:
    return UsageError(f"{text!r} is not a duration", hint="write a number and a unit: 250ms, 30s, 5m, 2h, 7d")


def format_duration(seconds: float) -> str:
    """Return a duration in its two largest units.

    >>> format_duration(0.0042), format_duration(3), format_duration(5400), format_duration(200_000)
    ('4 ms', '3 s', '1 h 30 min', '2 d 7 h')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    whole = round(seconds)
    for (step, unit), (next_step, next_unit) in pairwise(_DURATION_STEPS):
        if whole >= step:
            rest = whole % step // next_step
            return f"{whole // step} {unit} {rest} {next_unit}" if rest else f"{whole // step} {unit}"
    return f"{whole} s"


def format_size(size_bytes: float) -> str:
    """Return a size in the largest binary unit that keeps it above one.

    >>> format_size(512), format_size(1536), format_size(5 * 1024**3)
    ('512 B', '1.5 KiB', '5.0 GiB')
    """
    for step, unit in _SIZE_STEPS:
        if abs(size_bytes) >= step:
            return f"{size_bytes / step:.1f} {unit}"
    return f"{size_bytes:.0f} B"


def format_rate(per_s: float) -> str:
    """Return a rate per second, shortened from a thousand on.

    >>> format_rate(7.25), format_rate(1234)
    ('7.2/s', '1.2k/s')
    """
    for step, unit in _COUNT_STEPS:
        if per_s >= step:
            return f"{per_s / step:.1f}{unit}/s"
    return f"{per_s:.1f}/s"
