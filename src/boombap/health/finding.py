"""What is wrong with a server: a finding, how bad it is, and what could not be judged."""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Evidence = int | float | str | bool | None


class Severity(IntEnum):
    """How bad a finding is; ordered, so that thresholds compare."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """Return the word that people and machines read."""
        return self.name.lower()


class Finding(Record):
    """One thing that is wrong, with the numbers that show it and the SQL that fixes it.

    Attributes:
        id: the check that found it, in snake_case; stable, waivers refer to it.
        severity: how bad it is.
        subject: the object it is about, for example ``public.tracks``.
        summary: one sentence for a person, with the decisive number in it.
        evidence: the numbers behind it; the unit is in the key (``size_bytes``, ``age_s``).
        remedy: a statement or command that can be run unchanged, or advice where none can fix it.
        link: the documentation page behind the rule.
    """

    id: str
    severity: Severity
    subject: str
    summary: str
    evidence: Mapping[str, Evidence] = MappingProxyType({})
    remedy: str = ""
    link: str = ""


class Skipped(Record):
    """A check without an answer, and the reason.

    Attributes:
        id: the check.
        reason: one phrase, for example ``no permission: needs pg_monitor``.
        is_failure: whether it should have answered (a time-out, a refused statement) rather than not applying here.
    """

    id: str
    reason: str
    is_failure: bool = False


def by_urgency(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings with the worst first, then by check and subject."""
    return sorted(findings, key=lambda finding: (-finding.severity, finding.id, finding.subject))
