"""Which VEX statement holds for a finding: the latest about its vulnerability and its package."""

from __future__ import annotations

from boombap.deps.acceptance import Acceptance
from boombap.deps.vex.products import is_about

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.deps.model import Finding
    from boombap.deps.vex.model import VexStatement


def acceptance_of(finding: Finding, statements: Iterable[VexStatement]) -> Acceptance | None:
    """Return why a finding is waived by VEX; None when no statement is about it, or the latest does not waive."""
    latest = latest_about(finding, statements)
    if latest is None or not latest.is_waiving:
        return None
    return Acceptance(latest.status, latest.justification, latest.text, latest.author, latest.document, latest.issued)


def latest_about(finding: Finding, statements: Iterable[VexStatement]) -> VexStatement | None:
    """Return the latest statement about a finding; None without any."""
    return max((statement for statement in statements if _applies(statement, finding)), key=_rank, default=None)


def _applies(statement: VexStatement, finding: Finding) -> bool:
    if not set(statement.ids).intersection(finding.ids):
        return False
    return any(is_about(product, finding) for product in statement.products)


def _rank(statement: VexStatement) -> tuple[float, bool]:
    """Return what the latest statement has most of; of two at one time, the one that does not waive holds."""
    # A time that nobody gives decides for the finding: the statement is old when it waives, else new.
    unknown_s = float("-inf") if statement.is_waiving else float("inf")
    return (unknown_s if statement.issued_s is None else statement.issued_s, not statement.is_waiving)
