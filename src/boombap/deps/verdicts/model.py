"""What is kept about one image: the verdict, what led to it, and what is needed to judge again."""

from __future__ import annotations

from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from boombap.deps.model import Level, Reading

    Word = Literal["pass", "fail", "unknown"]
    Validity = Literal["valid", "expired", "future"]

CLOCK_S = 3600
"""How far the clock of who judged may be ahead, as that of who syncs."""


class KeptFinding(Record):
    """A vulnerable package of an image.

    Attributes:
        id: the leading id of the advisory.
        package: its name.
        version: its version.
        severity: its level.
        status: ``blocks``, ``shown`` or ``waived``.
        reason: the rule that it breaks, or why it does not block.
    """

    id: str
    package: str
    version: str
    severity: Level
    status: str
    reason: str


class Decision(Record):
    """The part of a verdict that a deployment asks for.

    Attributes:
        image: as it was recorded.
        word: the answer; ``unknown`` when no verdict was possible.
        is_enforced: False where the policy only warns.
        reasons: one sentence per violation, or per gap.
        judged_at_s: Unix time.
        expires_at_s: Unix time from which the verdict counts no more.
    """

    image: str
    word: Word
    is_enforced: bool
    reasons: tuple[str, ...]
    judged_at_s: int
    expires_at_s: int

    def validity(self, now_s: float) -> Validity:
        """Return whether it counts at a time (Unix); judged in the future, nobody knows how old it is."""
        if self.judged_at_s > now_s + CLOCK_S:
            return "future"
        return "valid" if now_s < self.expires_at_s else "expired"


class ImageVerdict(Record):
    """The verdict on one image in one environment.

    Attributes:
        digest: ``sha256:`` and 64 digits.
        environment: the table of the policy; empty for none.
        decision: the answer.
        findings: the worst first.
        audited: packages that were looked up.
        data_at_s: Unix time at which the oldest database was last seen to be current; 0 without a database.
        policy: the values of the policy, by field.
        policy_sha256: of these values.
        reading: the packages, and what could not be read.
        revision: grows with each change of the row; 0 before the first.
    """

    digest: str
    environment: str
    decision: Decision
    findings: tuple[KeptFinding, ...]
    audited: int
    data_at_s: int
    policy: Mapping[str, object]
    policy_sha256: str
    reading: Reading
    revision: int = 0

    @property
    def exit_code(self) -> int:
        """Return the exit code, as that of `deps check`."""
        if self.decision.word == "unknown":
            return EXIT_NO_VERDICT
        return EXIT_FINDINGS if self.decision.word == "fail" and self.decision.is_enforced else EXIT_OK
