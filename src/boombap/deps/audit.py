"""Dependencies in, findings and coverage out: what the command, the gate and other programs call.

It reads the databases of the ecosystems that occur, and neither prints nor asks a network.
"""

from __future__ import annotations

from boombap.deps.advisories.database import open_database, present
from boombap.deps.match import match, urgency
from boombap.deps.model import ECOSYSTEMS, Audit, Coverage, Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from boombap.deps.match import CandidateRow
    from boombap.deps.model import Dependency, Finding, Reading, Source

    Places = list[list[Dependency]]
    """Each package and version once, with every place that names it."""


def audit(reading: Reading, folder: str, *, now_s: float) -> Audit:
    """Hold what the files of a project say against the databases in a folder.

    Args:
        reading: dependencies and what could not be read.
        folder: of the databases, as `deps.advisories.sync` made them.
        now_s: Unix time, for the databases' age.

    Raises:
        NoVerdict: for a database of another version.
        ExternalError: for a damaged one.
    """
    findings: list[Finding] = []
    skipped = list(reading.skipped)
    unassessable: list[Skipped] = []
    sources: list[Source] = []
    missing: list[str] = []
    audited = 0
    for ecosystem, places in _by_ecosystem(reading.dependencies).items():
        found = _one(ecosystem, places, folder, now_s)
        if isinstance(found, str):
            missing.append(ecosystem)
            skipped += [_unaudited(one, found) for named in places for one in named]
            continue
        source, hits, refused, gaps = found
        sources.append(source)
        findings += hits
        skipped += refused
        unassessable += gaps
        audited += len(places) - len({one.what for one in refused})
    unknown = sum(one.severity.score is None for one in findings)
    coverage = Coverage(audited, tuple(skipped), tuple(unassessable), unknown, tuple(sources), tuple(missing))
    findings.sort(key=urgency)
    return Audit(tuple(findings), coverage, reading.files, reading.lints, reading.dependencies, reading.inventory)


def _by_ecosystem(dependencies: Iterable[Dependency]) -> dict[str, Places]:
    places: dict[str, dict[tuple[str, str], list[Dependency]]] = {}
    for one in dependencies:
        places.setdefault(one.ecosystem, {}).setdefault((one.normal, one.version), []).append(one)
    for by_version in places.values():
        for named in by_version.values():
            if len(named) > 1:
                # A package that is used at run time is not made harmless by a second mention among the tests.
                named.sort(key=lambda one: one.scope != "runtime")
    return {ecosystem: list(by_version.values()) for ecosystem, by_version in sorted(places.items())}


def _one(
    ecosystem: str, places: Sequence[Sequence[Dependency]], folder: str, now_s: float
) -> tuple[Source, list[Finding], list[Skipped], list[Skipped]] | str:
    """Return what one ecosystem's database says, or why there is none."""
    if ecosystem not in ECOSYSTEMS:
        return f"{ecosystem} is not an ecosystem that is audited here"
    database = open_database(folder, ecosystem)
    if database is None:
        return f"no advisory database for {ecosystem}"
    try:
        names = {named[0].normal for named in places}
        others = database.spelled_otherwise(names) if ecosystem == "Go" else {}
        rows = database.about({*names, *others})
        return database.source(now_s), *match(places, _under_both_names(rows, others))
    finally:
        database.close()


def _under_both_names(rows: Iterable[CandidateRow], others: dict[str, str]) -> Iterator[CandidateRow]:
    """Yield rows, those about a package that is spelled in two ways under each of its names."""
    for row in rows:
        yield row
        if row[0] in others:
            yield (others[row[0]], *row[1:])


def _unaudited(dependency: Dependency, reason: str) -> Skipped:
    what = f"{dependency.name} {dependency.version}"
    pin = "run `boombap deps sync`" if dependency.ecosystem in ECOSYSTEMS else ""
    return Skipped(what, reason, dependency.file, dependency.line, pin, dependency.scope)


def sources(folder: str, now_s: float) -> list[Source]:
    """Return every database that is there.

    Raises:
        NoVerdict: for a database of another version.
        ExternalError: for a damaged one.
    """
    found = []
    for ecosystem in present(folder):
        if database := open_database(folder, ecosystem):
            found.append(database.source(now_s))
            database.close()
    return found
