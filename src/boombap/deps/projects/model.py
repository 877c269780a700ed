"""What flows: a project, and what came of it."""

from __future__ import annotations

from boombap.errors import EXIT_EXTERNAL, EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Word = Literal["pass", "fail", "unknown", "failed"]

_CODES = {"failed": EXIT_EXTERNAL, "unknown": EXIT_NO_VERDICT, "fail": EXIT_FINDINGS, "pass": EXIT_OK}


class Project(Record):
    """One project.

    Attributes:
        name: what the person calls it.
        path: of its folder or file.
    """

    name: str
    path: str


class Checked(Record):
    """What came of one project.

    Attributes:
        name: what the person calls it.
        path: of its folder or file.
        verdict: ``pass``, ``fail``, ``unknown``, or ``failed`` where it could not be checked.
        findings: all of them.
        blocking: those that the policy refuses.
        gaps: reasons why the result is incomplete.
        reason: the first of what blocks or is missing, or why it could not be checked; empty for ``pass``.
        took_ms: how long it took, in milliseconds.
        is_enforced: False where the policy only warns.
    """

    name: str
    path: str
    verdict: Word
    findings: int = 0
    blocking: int = 0
    gaps: int = 0
    reason: str = ""
    took_ms: float = 0.0
    is_enforced: bool = True

    @property
    def exit_code(self) -> int:
        """Return what a check of this project alone ends with, 3 where it could not be checked."""
        return EXIT_OK if self.verdict == "fail" and not self.is_enforced else _CODES[self.verdict]
