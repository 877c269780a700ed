"""An update as steps that can be committed one by one: what removes one group of advisories is one step.

Packages that share an advisory belong to one group. Each step is planned on top of the step before, so every commit is
audited for itself: findings have gone with it and none has come.
"""

from __future__ import annotations

import tempfile

from boombap.deps.update.model import Edit, Plan, Step, SteppedPlan, package_of
from boombap.deps.update.plan import occurrences, plan_in
from boombap.deps.update.staging import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from boombap.deps.model import Audit, Finding, Reading
    from boombap.deps.update.model import Judge, Package


def plan_steps(reading: Reading, judge: Judge, program: str, pause: Callable[[float], None]) -> SteppedPlan:
    """Plan an update in steps, and at last what only works together.

    Args:
        reading: what the project's files say; they are read again from the disk.
        judge: the audit.
        program: the path of uv.
        pause: waits; ends the wait when the run is interrupted.

    Raises:
        ExternalError: when uv or its index fails.
    """
    with tempfile.TemporaryDirectory(prefix="boombap-") as folder:
        stage = Stage(reading.files, folder)
        before = now = judge(stage.reading())
        steps: list[Step] = []
        rest: Collection[Package] | None
        for rest in (*groups(before.findings), None):
            planned = plan_in(stage, judge, program, pause, rest)
            then, now = now, judge(stage.reading())
            if planned.edits:
                steps.append(Step(planned.changes, planned.edits, _fixed(then, now)))
            stage.settle()
        changes = tuple(change for step in steps for change in step.changes)
        whole = Plan(changes, planned.held, _joined(steps), len(before.findings), len(now.findings))
        databases = tuple(f"{one.ecosystem}, newest {one.newest[:10]}" for one in before.coverage.sources)
        return SteppedPlan(tuple(steps), whole, databases)


def groups(findings: Iterable[Finding]) -> list[frozenset[Package]]:
    """Return the packages with findings, those that share an id of an advisory together, in the order of findings."""
    found: list[tuple[set[Package], set[str]]] = []
    for finding in findings:
        packages, ids = {package_of(finding)}, set(finding.ids)
        touched = [group for group in found if not group[0].isdisjoint(packages) or not group[1].isdisjoint(ids)]
        if not touched:
            found.append((packages, ids))
            continue
        first, *others = touched
        for other in (*others, (packages, ids)):
            first[0].update(other[0])
            first[1].update(other[1])
        found = [group for group in found if all(group is not other for other in others)]
    return [frozenset(packages) for packages, _ in found]


def _fixed(before: Audit, after: Audit) -> tuple[Finding, ...]:
    """Return the findings that have gone, in one place or more."""
    gone = occurrences(before) - occurrences(after)
    return tuple(
        finding
        for finding in before.findings
        if any((place.file, place.normal, finding.id) in gone for place in (finding.dependency, *finding.also))
    )


def _joined(steps: Iterable[Step]) -> tuple[Edit, ...]:
    """Return one edit a file, from its first content to its last."""
    edits: dict[str, Edit] = {}
    for edit in (edit for step in steps for edit in step.edits):
        edits[edit.path] = edits[edit.path].replace(after=edit.after) if edit.path in edits else edit
    return tuple(edits.values())
