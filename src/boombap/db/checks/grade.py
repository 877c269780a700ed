"""How bad a number is: the one comparison that every judge makes, and the address of the documentation."""

from __future__ import annotations

from boombap.health.finding import Severity

DOCS = "https://www.postgresql.org/docs/current/"
"""Where the pages named in `Finding.link` stand."""

_NEVER = float("inf")


def grade(value: float, *, info: float = _NEVER, warning: float = _NEVER, critical: float = _NEVER) -> Severity | None:
    """Return the worst severity whose limit `value` has reached; None below all of them.

    >>> grade(95, warning=80, critical=95).word
    'critical'
    >>> grade(79.9, warning=80, critical=95) is None
    True
    """
    if value >= critical:
        return Severity.CRITICAL
    if value >= warning:
        return Severity.WARNING
    return Severity.INFO if value >= info else None
