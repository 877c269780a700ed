"""The smallest change that removes findings: which pins move, to which versions, and what has to stay.

Every other pin is held. Only where that leaves no solution are others let go, and of those each is held again that can
be. What comes out is written into a copy of the files, read and audited again; it counts only when findings have gone
and none has come.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from boombap.deps.manifest.safe_text import Malformed
from boombap.deps.package_names import normalise
from boombap.deps.update import locks, pyproject, requirements
from boombap.deps.update.minimal_change import MinimalChange, Pins, Refused
from boombap.deps.update.model import Change, Edit, Held, Plan, package_of
from boombap.deps.update.staging import Stage
from boombap.deps.versions.key import sort_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from boombap.deps.model import Audit, Dependency, Finding, Reading
    from boombap.deps.update.model import Judge, Package

_ROUNDS = 8
_NO_FIX = "no version without an advisory is known"
_WAYS = {
    "poetry.lock": "run `poetry update --lock {name}`",
    "uv.lock": "run `uv lock --upgrade-package {name}`",
    "pdm.lock": "run `pdm update --no-sync {name}`",
    "Pipfile.lock": "run `pipenv upgrade {name}`",
    "package-lock.json": "run `npm update --package-lock-only {name}`",
    "yarn.lock": "run `yarn up {name}`",
    "pnpm-lock.yaml": "run `pnpm update --lockfile-only {name}`",
    "Cargo.lock": "run `cargo update --package {name}`",
    "go.mod": "run `go get {name}@v{fixed}`",
    "Gemfile.lock": "run `bundle lock --update {name}`",
    "composer.lock": "run `composer update --no-install {name}`",
}


def plan(reading: Reading, judge: Judge, program: str, pause: Callable[[float], None]) -> Plan:
    """Plan an update of every requirements file and pyproject.toml of a reading.

    Args:
        reading: what the project's files say; they are read again from the disk.
        judge: the audit.
        program: the path of uv.
        pause: waits; ends the wait when the run is interrupted.

    Raises:
        ExternalError: when uv or its index fails.
    """
    with tempfile.TemporaryDirectory(prefix="boombap-") as folder:
        return plan_in(Stage(reading.files, folder), judge, program, pause)


def plan_in(
    stage: Stage,
    judge: Judge,
    program: str,
    pause: Callable[[float], None],
    only: Collection[Package] | None = None,
) -> Plan:
    """Plan an update of the files in a stage, which has their new contents afterwards.

    Args:
        stage: where changes are tried.
        judge: the audit.
        program: the path of uv.
        pause: waits; ends the wait when the run is interrupted.
        only: the packages whose findings are to go; None for all.

    Raises:
        ExternalError: when uv or its index fails.
    """

    def relocked(lock: Path, planned: Mapping[str, bytes], targets: Mapping[str, str]) -> bytes | str:
        return locks.relocked(lock, planned, targets, program, pause)

    work = _Work(stage, judge, MinimalChange(stage, program, pause), relocked, only)
    before = judge(stage.reading())
    for file in _in_order(stage):
        work.improve(file, judge(stage.reading()))
    for file in stage.files:
        if os.path.basename(file) in locks.TOOLS:
            work.relock(file, judge(stage.reading()))
    after = judge(stage.reading())
    edits = tuple(
        Edit(path=os.path.abspath(file), file=file, before=stage.before(file), after=stage.content(file))
        for file in stage.files
        if stage.before(file) != stage.content(file)
    )
    held = [_held(one, place, work) for one in after.findings for place in (one.dependency, *one.also)]
    return Plan(tuple(work.changes), tuple(_merged(held)), edits, len(before.findings), len(after.findings))


def _in_order(stage: Stage) -> list[str]:
    """Return the files that can be changed; those that include others come after them."""
    found = [file for file in stage.files if _is_requirements(file) or os.path.basename(file) == "pyproject.toml"]
    return sorted(found, key=lambda file: (b"\n-r" in b"\n" + stage.before(file).replace(b"\0", b""), file))


def _is_requirements(file: str) -> bool:
    return file.endswith((".txt", ".in"))


class _Work:
    """What is being planned.

    Attributes:
        changes: so far.
        refused: by file and package, why nothing is changed.
    """

    def __init__(
        self,
        stage: Stage,
        judge: Judge,
        asker: MinimalChange,
        relocked: Callable[[Path, Mapping[str, bytes], Mapping[str, str]], bytes | str],
        only: Collection[Package] | None,
    ) -> None:
        self.changes: list[Change] = []
        self.refused: dict[tuple[str, str], str] = {}
        self._stage = stage
        self._judge = judge
        self._asker = asker
        self._relocked = relocked
        self._only = only

    def improve(self, file: str, found: Audit) -> None:
        """Change one file in the stage, as far as that removes findings."""
        try:
            pins = _pins(file, self._stage)
        except Malformed:
            return  # the reading names it as a failure
        refused: dict[str, str] = {}
        bounds: dict[str, str] = {}
        chosen: dict[str, str] = {}
        now = found
        for _ in range(_ROUNDS):
            raised = _bounds(self._asked(now), pins, chosen, refused)
            if not raised:
                break
            bounds |= raised
            chosen, unsolved = self._solve_most(file, pins, bounds)
            refused |= unsolved
            bounds = {name: bound for name, bound in bounds.items() if name not in unsolved}
            self._write(file, pins, chosen)
            now = self._judge(self._stage.reading())
        self.refused |= {(file, name): reason for name, reason in refused.items()}
        if chosen and not _shrinks(found, now):
            self._stage.write(file, self._stage.before(file))
            self.refused |= {(file, name): "the change would not only remove findings" for name in chosen}
            return
        self.changes += _changes(file, pins, chosen, found, now)

    def relock(self, file: str, found: Audit) -> None:
        """Have one lock file rewritten by its own tool, as far as that only removes findings."""
        targets = {
            place.name: one.fixed[0]
            for one in sorted(
                self._asked(found),
                key=lambda one: sort_key(one.dependency.ecosystem, one.fixed[0]) or "" if one.fixed else "",
            )
            for place in (one.dependency, *one.also)
            if place.file == file and one.fixed
        }
        if not targets:
            return
        before = self._stage.content(file)
        folder = os.path.dirname(file)
        beside = [other for other in self._stage.files if os.path.dirname(other) == folder]
        planned = {os.path.basename(other): self._stage.content(other) for other in beside}
        answer = self._relocked(Path(os.path.abspath(file)), planned, targets)
        if isinstance(answer, bytes):
            self._stage.write(file, answer)
            now = self._judge(self._stage.reading())
            if _shrinks(found, now):
                self.changes += _relocked_changes(file, found, now)
                return
            self._stage.write(file, before)
            answer = "its own tool found no version that only removes findings; the ranges of the project may forbid it"
        self.refused |= {(file, normalise(_ecosystem_of(found, file), name)): answer for name in targets}

    def _asked(self, found: Audit) -> list[Finding]:
        """Return the findings that this work is about."""
        return [one for one in found.findings if self._only is None or package_of(one) in self._only]

    def _solve_most(self, file: str, pins: Pins, bounds: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the chosen versions for all targets, or for as many as go together, and why the others do not."""
        try:
            return self._asker.solve(file, pins, bounds), {}
        except Refused as error:
            if len(bounds) == 1:
                return {}, dict.fromkeys(bounds, str(error))
        accepted: dict[str, str] = {}
        unsolved: dict[str, str] = {}
        chosen: dict[str, str] = {}
        for name, bound in bounds.items():
            try:
                chosen = self._asker.solve(file, pins, {**accepted, name: bound})
                accepted[name] = bound
            except Refused as error:
                unsolved[name] = str(error)
        return chosen, unsolved

    def _write(self, file: str, pins: Pins, chosen: Mapping[str, str]) -> None:
        before = self._stage.before(file)
        if not _is_requirements(file):
            self._stage.write(file, pyproject.changed(before, chosen))
            return
        hashes = self._asker.hashes
        lines = {one.line: chosen[one.normal] for one in pins.entries if one.version and one.normal in chosen}
        new = {one.line: hashes.get(one.normal, ()) for one in pins.entries if one.line in lines and one.has_hashes}
        content = requirements.changed(before, lines, new)
        if pins.has_hashes:
            known = {one.normal for one in pins.entries} | {normalise("PyPI", one) for one in pins.included}
            for name in sorted(set(self._asker.versions) - known) if chosen else ():
                content = requirements.added(content, name, self._asker.versions[name], hashes.get(name, ()))
        self._stage.write(file, content)


def _pins(file: str, stage: Stage) -> Pins:
    raw = stage.before(file)
    if not _is_requirements(file):
        return Pins(tuple(pyproject.entries(requirements.text_of(raw))))
    from boombap.deps.manifest.pypi.include_boundary import IncludeBoundary
    from boombap.deps.manifest.pypi.requirements import read

    entries, places = requirements.entries(requirements.text_of(raw))
    path = stage.path(file)
    collectors = read(path, file, IncludeBoundary(os.path.dirname(path), is_open=True))
    own = {one.normal for one in entries}
    others = [one for collector in collectors[1:] for one in collector.dependencies if one.normal not in own]
    included = {one.name: one.source or f"{one.name}=={one.version}" for one in others}
    return Pins(tuple(entries), tuple(places), included)


def _bounds(
    findings: Iterable[Finding], pins: Pins, chosen: Mapping[str, str], refused: dict[str, str]
) -> dict[str, str]:
    """Return, for every package of the file with a finding, the lowest version that may take its place."""
    now = {one.normal: chosen.get(one.normal, one.version) for one in pins.entries if one.version}
    bounds: dict[str, str] = {}
    for finding in findings:
        dependency = finding.dependency
        name = dependency.normal
        if dependency.ecosystem != "PyPI" or now.get(name) != dependency.version or name in refused:
            continue
        if pins.versions(name) > 1:
            refused[name] = "it is pinned more than once, to different versions"
        elif not finding.fixed:
            refused[name] = _NO_FIX
        elif name not in bounds or _is_above(finding.fixed[0], bounds[name]):
            bounds[name] = finding.fixed[0]
    return {name: bound for name, bound in bounds.items() if name not in refused}


def _is_above(one: str, other: str) -> bool:
    return (sort_key("PyPI", one) or "") > (sort_key("PyPI", other) or "")


def occurrences(found: Audit) -> set[tuple[str, str, str]]:
    """Return every file, package and finding in it."""
    return {(place.file, place.normal, one.id) for one in found.findings for place in (one.dependency, *one.also)}


def _shrinks(before: Audit, after: Audit) -> bool:
    is_as_complete = len(after.coverage.skipped) <= len(before.coverage.skipped)
    return is_as_complete and occurrences(after) < occurrences(before)


def _changes(file: str, pins: Pins, chosen: Mapping[str, str], before: Audit, after: Audit) -> list[Change]:
    gone: dict[str, list[str]] = {}
    for place, name, id_ in sorted(occurrences(before) - occurrences(after)):
        if place == file:
            gone.setdefault(name, []).append(id_)
    moved = {one.normal: one for one in pins.entries if one.version and one.normal in chosen}
    return [
        Change(file, one.name, name, one.version, chosen[name], tuple(gone.get(name, ())))
        for name, one in moved.items()
        if one.version != chosen[name]
    ]


def _ecosystem_of(found: Audit, file: str) -> str:
    return next((one.ecosystem for one in found.dependencies if one.file == file), "PyPI")


def _relocked_changes(file: str, before: Audit, after: Audit) -> list[Change]:
    """Return the packages whose set of versions in a lock file is another now."""
    old, new = _versions(before, file), _versions(after, file)
    gone: dict[str, set[str]] = {}
    for _, name, id_ in {one for one in occurrences(before) - occurrences(after) if one[0] == file}:
        gone.setdefault(name, set()).add(id_)
    return [
        Change(
            file,
            name,
            name,
            ", ".join(sorted(old[name])),
            ", ".join(sorted(new[name])),
            tuple(sorted(gone.get(name, ()))),
        )
        for name in sorted(old)
        if name in new and old[name] != new[name]
    ]


def _versions(found: Audit, file: str) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for one in found.dependencies:
        if one.file == file:
            versions.setdefault(one.normal, set()).add(one.version)
    return versions


def _held(finding: Finding, place: Dependency, work: _Work) -> Held:
    reason = work.refused.get((place.file, place.normal), "")
    if not reason and not finding.fixed:
        reason = _NO_FIX
    if not reason:
        way = _WAYS.get(os.path.basename(place.file), "is changed by hand: version {fixed} or later")
        reason = way.format(name=place.name, fixed=finding.fixed[0].removeprefix("v"))
    return Held(place.file, place.name, place.version, (finding.id,), reason)


def _merged(held: Sequence[Held]) -> list[Held]:
    """Return one value for each package of a file, with all its ids."""
    found: dict[tuple[str, str, str, str], Held] = {}
    for one in held:
        key = (one.file, one.name, one.version, one.reason)
        found[key] = one.replace(ids=found[key].ids + one.ids) if key in found else one
    return list(found.values())
