"""Holds versions against rows of the advisory database; pure, and the hot path of every audit.

A row stays a tuple here, and its ranges a text: making records of them took 27 ms for 500 packages, this takes 4.
"""

from __future__ import annotations

from operator import itemgetter

from boombap.deps.advisories.affected_ranges import from_text
from boombap.deps.model import UNKNOWN, Advisory, Finding, Severity, Skipped
from boombap.deps.versions.key import is_outside_ranges, sort_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from boombap.deps.model import Dependency

    CandidateRow = tuple[Any, ...]
    """In the order of `deps.advisories.database.CandidateRow`."""
    _Hits = tuple[Sequence[Dependency], str, dict[int, list[CandidateRow]]]
    """The places of one version, its key, and by group the rows that it matched."""

_PACKAGE, _RANGES, _GAP, _NAME, _GROUP, _SCORE, _BASIS = range(7)
_VECTOR, _SUMMARY, _KIND, _LEADER, _OTHERS, _KEV, _EPSS = range(7, 14)
# Where one of a group says malicious and another unsound, the first counts.
_KIND_ORDER = ("malicious", "vulnerability", "unsound", "unmaintained", "notice")
# Of unknown severity: below what is surely high, above all the rest.
_UNKNOWN_RANK = 6.95


def match(
    places: Iterable[Sequence[Dependency]], rows: Iterable[CandidateRow]
) -> tuple[list[Finding], list[Skipped], list[Skipped]]:
    """Hold dependencies of one ecosystem against its rows, which may be a stream: only those that match are kept.

    Args:
        places: each package and version once, with every place that names it, the one to show first.
        rows: about these packages, in any order.

    Returns:
        The findings; the dependencies whose version cannot be compared; the advisories that name no version.
    """
    skipped: list[Skipped] = []
    unassessable: list[Skipped] = []
    wanted: dict[str, list[_Hits]] = {}
    for named in places:
        key = sort_key(named[0].ecosystem, named[0].version)
        if key is None:
            skipped += [_not_comparable(one) for one in named]
            continue
        if is_outside_ranges(named[0].ecosystem, key):
            # Held against the ranges all the same: what they hold is a finding, what they do not hold means nothing.
            skipped += [_not_comparable(one) for one in named]
        wanted.setdefault(named[0].normal, []).append((named, key, {}))
    for row in rows:
        ranges, gap = row[_RANGES], row[_GAP]
        for named, key, hits in wanted.get(row[_PACKAGE], ()):
            if holds(ranges, key):
                hits.setdefault(row[_GROUP], []).append(row)
            elif gap:
                unassessable.append(_without_version(named[0], row))
    findings = [
        _finding(named, key, of_group)
        for of_name in wanted.values()
        for named, key, hits in of_name
        for of_group in hits.values()
    ]
    return findings, skipped, unassessable


def holds(ranges: str, key: str) -> bool:
    """Tell whether a version, given as its key, is in ranges as they are stored."""
    for line in ranges.split("\n"):
        low, high, mark, _ = line.split("\t") if line else ("~", "", "", "")
        if low <= key and line and (not high or key < high or (mark and key == high)):
            return True
    return False


def urgency(finding: Finding) -> tuple[bool, bool, float, str, str]:
    """Return the key that sorts the most urgent finding first: malware, then known exploitation, then severity."""
    score = finding.severity.score
    rank = _UNKNOWN_RANK if score is None else score
    return (finding.kind != "malicious", not finding.kev, -rank, finding.dependency.normal, finding.id)


def advisories(rows: Iterable[CandidateRow]) -> tuple[Advisory, ...]:
    """Return rows as advisories, for what is not in a hurry."""
    return tuple(
        Advisory(
            id=row[_NAME],
            aliases=tuple(sorted({row[_LEADER], *row[_OTHERS].split()} - {row[_NAME]})),
            summary=row[_SUMMARY],
            severity=_severity(row),
            ranges=from_text(row[_RANGES]),
            gap=row[_GAP],
            kev=row[_KEV],
            epss=row[_EPSS],
        )
        for row in rows
    )


def _finding(named: Sequence[Dependency], key: str, rows: list[CandidateRow]) -> Finding:
    rows.sort(key=itemgetter(_NAME))
    first = rows[0]
    worst = max((row for row in rows if row[_SCORE] is not None), key=itemgetter(_SCORE), default=None)
    # The leader may be another package's record, or a bare CVE; its words come from what matched.
    words = next((row for row in rows if row[_NAME] == first[_LEADER]), first)
    return Finding(
        named[0],
        first[_LEADER],
        tuple(first[_OTHERS].split()),
        words[_SUMMARY],
        UNKNOWN if worst is None else _severity(worst),
        _fixes(key, rows),
        first[_KEV],
        first[_EPSS],
        min((row[_KIND] for row in rows), key=_KIND_ORDER.index),
        tuple(row[_NAME] for row in rows),
        tuple(named[1:]),
    )


def _severity(row: CandidateRow) -> Severity:
    return UNKNOWN if row[_SCORE] is None else Severity(row[_SCORE], row[_BASIS], row[_VECTOR])


def _fixes(key: str, rows: Sequence[CandidateRow]) -> tuple[str, ...]:
    """Return the fixed versions above a version that nothing in the group is about, lowest first."""
    fixes: dict[str, str] = {}
    for row in rows:
        for line in row[_RANGES].split("\n"):
            _, high, _, fixed = line.split("\t")
            if fixed and high > key:
                fixes[high] = fixed
    return tuple(fixes[high] for high in sorted(fixes) if not any(holds(row[_RANGES], high) for row in rows))


def _not_comparable(dependency: Dependency) -> Skipped:
    return Skipped(
        what=f"{dependency.name} {dependency.version}",
        reason=f"{dependency.version!r} is not a valid {dependency.ecosystem} version",
        file=dependency.file,
        line=dependency.line,
        scope=dependency.scope,
    )


def _without_version(dependency: Dependency, row: CandidateRow) -> Skipped:
    what = f"{row[_NAME]} on {dependency.name} {dependency.version}"
    return Skipped(
        what, f"the advisory cannot be held against a version: {row[_GAP]}", dependency.file, dependency.line
    )
