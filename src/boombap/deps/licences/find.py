"""From the packages of a project to their licences, and what the policy says about each."""

from __future__ import annotations

import os

from boombap.deps.licences.expressions import decide
from boombap.deps.licences.locks import LOCKS, licences_of
from boombap.deps.licences.model import ANSWERS, LicenceReport, PackageLicence, Stated
from boombap.deps.licences.python_metadata import stated_in
from boombap.deps.manifest import safe_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.deps.licences.expressions import Rules
    from boombap.deps.model import Dependency, Reading

_LARGEST_BYTES = 4_000_000
_METADATA = ("METADATA", "PKG-INFO")
_NOWHERE = Stated("", "", reason="no file that was read names its licence")


def find_licences(reading: Reading, held: Rules) -> LicenceReport:
    """Return the licence of every package; what no file says is unknown.

    Args:
        reading: the packages and the files that name them.
        held: what the policy says.
    """
    places: dict[tuple[str, str, str], list[Dependency]] = {}
    for dependency in reading.dependencies:
        places.setdefault((dependency.ecosystem, dependency.normal, dependency.version), []).append(dependency)
    files = _Files()
    packages = [_judged(named, files, held) for named in places.values()]
    packages.sort(key=lambda package: (ANSWERS.index(package.answer), package.dependency.normal))
    return LicenceReport(tuple(packages), reading.skipped)


def _judged(named: list[Dependency], files: _Files, held: Rules) -> PackageLicence:
    stated = _best(files.stated(dependency) for dependency in named)
    if not stated.expression:
        return PackageLicence(named[0], stated, "unknown", stated.reason)
    return PackageLicence(named[0], stated, *decide(stated.expression, held))


def _best(found: Iterable[Stated]) -> Stated:
    """Return one that names a licence, else one that says something; two that differ contradict each other."""
    stated = [each for each in found if each is not _NOWHERE]
    known = {each.expression: each for each in stated if each.expression}
    if len(known) > 1:
        return Stated("; ".join(known), "", reason="the files contradict each other")
    return next(iter(known.values()), stated[0] if stated else _NOWHERE)


class _Files:
    """The files that name licences, each read once."""

    def __init__(self) -> None:
        self._locks: dict[str, dict[tuple[str, str], Stated]] = {}

    def stated(self, dependency: Dependency) -> Stated:
        """Return what the file of a dependency says about its licence."""
        name = os.path.basename(dependency.file)
        try:
            if name in LOCKS:
                return self._lock(dependency.file, name).get((dependency.normal, dependency.version), _NOWHERE)
            if name in _METADATA or name.endswith(".egg-info"):
                raw = safe_text.content(dependency.file, _LARGEST_BYTES)
                return stated_in(safe_text.decode(raw).partition("\n\n")[0])
        except safe_text.Malformed as error:
            return Stated("", name, reason=f"{dependency.file} {error.reason}")
        return _NOWHERE

    def _lock(self, path: str, name: str) -> dict[tuple[str, str], Stated]:
        if path not in self._locks:
            self._locks[path] = licences_of(path, name)
        return self._locks[path]
