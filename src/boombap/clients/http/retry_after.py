"""How long a server asks us to wait: Retry-After (RFC 9110, 10.2.3), which many servers write incorrectly."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_S = 31 * 86_400.0
"""Longer waits are cut to this: more than a month is a mistake or a refusal, and `sleep` overflows on huge numbers."""
_SECONDS = re.compile(r"\d+", re.ASCII)
_DATE = re.compile(r"[A-Za-z]{3,9},? .*\d\d:\d\d:\d\d.*", re.ASCII)


def delay_s(headers: Mapping[str, str], now_s: float) -> float | None:
    """Return the wait that an answer asks for; None without a valid one.

    Args:
        headers: with lower-case names.
        now_s: Unix time of our clock, used where the server does not send its own in Date.
    """
    server_s = parse_date_s(headers.get("date", ""))
    return parse_delay_s(headers.get("retry-after", ""), now_s if server_s is None else server_s)


def parse_delay_s(text: str, now_s: float) -> float | None:
    """Return the seconds in a Retry-After, 0 for a date that has passed; None for a negative number or garbage.

    >>> parse_delay_s("3", 0.0), parse_delay_s("Thu, 01 Jan 1970 00:01:00 GMT", 15.0), parse_delay_s("-1", 0.0)
    (3.0, 45.0, None)
    """
    stripped = text.strip()
    if _SECONDS.fullmatch(stripped):
        # The length first: int() rejects more than 4,300 digits with an error of its own.
        digits = stripped.lstrip("0") or "0"
        return LONGEST_S if len(digits) > len(str(int(LONGEST_S))) else min(float(digits), LONGEST_S)
    date_s = parse_date_s(stripped)
    return None if date_s is None else min(max(0.0, date_s - now_s), LONGEST_S)


def parse_date_s(text: str) -> float | None:
    """Return the Unix time of an HTTP date in any of its three forms (RFC 9110, 5.6.7); None for anything else.

    >>> [parse_date_s(text) for text in ("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "soon")]
    [784111777.0, 784111777.0, None]
    """
    if not _DATE.fullmatch(text.strip()):
        return None
    from calendar import timegm
    from email.utils import parsedate_tz

    parts = parsedate_tz(text)
    if parts is None:
        return None
    try:
        return float(timegm((*parts[:6], 0, 0, 0)) - (parts[9] or 0))
    except (ValueError, OverflowError):
        return None
