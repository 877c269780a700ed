"""The annotation that lets a pod in without a passing verdict, for a while and with a reason; it is always logged.

Its value is ``REASON; until TIME``, the time as RFC 3339, for example ``payments are down; until 2026-12-01T06:00Z``.
"""

from __future__ import annotations

import re
from datetime import datetime

from boombap.record import Record
from boombap.units import format_duration

ANNOTATION = "boombap.dev/break-glass"
_UNTIL = re.compile(r"\s*until\s+(\S+)\s*")
_LONGEST = 500


class BreakGlass(Record):
    """What the annotation says.

    Attributes:
        reason: of the person who wrote it; empty without the annotation.
        refusal: why it does not count; empty when it does.
    """

    reason: str = ""
    refusal: str = ""

    @property
    def counts(self) -> bool:
        """Tell whether it lets a pod in."""
        return bool(self.reason) and not self.refusal


def read_break_glass(annotations: object, now_s: float, longest_s: float) -> BreakGlass:
    """Return what the annotations of a pod say.

    Args:
        annotations: of its metadata, as JSON has them.
        now_s: Unix time.
        longest_s: how far from now its end may be.
    """
    text = annotations.get(ANNOTATION) if isinstance(annotations, dict) else None
    if text is None:
        return BreakGlass()
    reason, _, end = text.rpartition(";") if isinstance(text, str) and len(text) <= _LONGEST else ("", "", "")
    match = _UNTIL.fullmatch(end)
    if not match:
        return BreakGlass(refusal=f'{ANNOTATION} must be "REASON; until TIME", for example until 2026-12-01T06:00Z')
    reason, until = reason.strip("; \t\r\n"), match[1]
    if not reason:
        return BreakGlass(refusal=f"{ANNOTATION} gives no reason")
    until_s = _unix_s(until)
    if until_s is None:
        return BreakGlass(reason, f"{ANNOTATION} ends at {until!a}, which is not a time such as 2026-12-01T06:00Z")
    if until_s > now_s + longest_s:
        most = f"more than {format_duration(longest_s)} from now (deps.break_glass_max)"
        return BreakGlass(reason, f"{ANNOTATION} ends at {until!a}, {most}")
    return BreakGlass(reason, "" if now_s < until_s else f"{ANNOTATION} has expired at {until!a}")


def _unix_s(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        # Without a zone it would end at another time on another machine.
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
