"""What flows through an update: changes, what stays as it is and why, and the new bytes of files."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.deps.model import Audit, Finding, Reading

    Judge = Callable[[Reading], Audit]
    Package = tuple[str, str]
    """Ecosystem and name, as the ecosystem compares names."""


class Change(Record):
    """One pin that moves.

    Attributes:
        file: as in the reading.
        name: as it is written there.
        normal: as the ecosystem compares names.
        before: the version that is pinned now.
        after: the version that takes its place.
        removes: the leading ids of the findings that go with it; empty for a pin that only makes way.
    """

    file: str
    name: str
    normal: str
    before: str
    after: str
    removes: tuple[str, ...] = ()


class Held(Record):
    """A finding that no change of ours removes.

    Attributes:
        file: as in the reading.
        name: of the package.
        version: that is pinned.
        ids: the leading ids of its findings.
        reason: one phrase, for example ``no version is free of advisories``.
    """

    file: str
    name: str
    version: str
    ids: tuple[str, ...]
    reason: str


class Edit(Record):
    """The new content of one file.

    Attributes:
        path: opens it.
        file: its name as people see it.
        before: the bytes that the plan was made from.
        after: the bytes to write.
    """

    path: str
    file: str
    before: bytes
    after: bytes


class Plan(Record):
    """What an update would do.

    Attributes:
        changes: in the order of files and lines.
        held: what stays, and why.
        edits: one a file that changes.
        findings_before: how many findings there are.
        findings_after: how many are left.
    """

    changes: tuple[Change, ...] = ()
    held: tuple[Held, ...] = ()
    edits: tuple[Edit, ...] = ()
    findings_before: int = 0
    findings_after: int = 0


class Step(Record):
    """One part of an update that is a commit of its own: what removes the advisories of packages that belong together.

    Attributes:
        changes: in the order of files and lines.
        edits: one a file that changes; each begins with what the step before has left.
        fixed: the findings that go, in one place or more.
    """

    changes: tuple[Change, ...]
    edits: tuple[Edit, ...]
    fixed: tuple[Finding, ...]


class SteppedPlan(Record):
    """An update in steps.

    Attributes:
        steps: in the order in which they are made.
        whole: the same as one plan.
        databases: what the findings come from, one phrase an ecosystem.
    """

    steps: tuple[Step, ...]
    whole: Plan
    databases: tuple[str, ...]


def package_of(finding: Finding) -> Package:
    """Return the package that a finding is about."""
    return finding.dependency.ecosystem, finding.dependency.normal
