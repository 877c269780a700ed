"""The plain way to audit dependencies: every advisory of the local database is read and compared with `packaging`.

What it cannot know: other ecosystems than PyPI, which it names, and whether another advisory affects what fixes one.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import defaultdict
from contextlib import closing
from datetime import datetime
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from boombap.deps.model import UNKNOWN, Audit, Coverage, Dependency, Finding, Reading, Severity, Skipped, Source
from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Hits = list[tuple[sqlite3.Row, list[str | None]]]  # advisories that a version matched, and what fixes it

_ECOSYSTEM = "PyPI"
_FIRST = Version("0.dev0")
_ADVISORIES = """
SELECT v.name, v.score, v.basis, v.vector, v.summary, v.kind, g.id AS grp, g.leader, g.others, g.kev, g.epss, d.body
FROM advisories v LEFT JOIN groups g ON g.id = v.grp LEFT JOIN documents d ON d.advisory = v.id ORDER BY v.name
"""


def audit(reading: Reading, folder: str, now_s: float) -> Audit:
    """Hold what is listed against every advisory of the database of PyPI in a folder.

    Raises:
        ExternalError: when the database is missing or damaged.
    """
    skipped, gaps = list(reading.skipped), []
    wanted: dict[str, dict[Version, list[Dependency]]] = defaultdict(dict)
    for dependency in sorted(reading.dependencies, key=lambda named: named.scope != "runtime"):
        try:
            version = Version(dependency.version if dependency.ecosystem == _ECOSYSTEM else "")
        except InvalidVersion:
            reason = "the classic engine compares versions of PyPI only"
            skipped.append(Skipped(dependency.name, reason, dependency.file, dependency.line))
        else:
            wanted[dependency.normal].setdefault(version, []).append(dependency)
    rows, source = _database(Path(folder, f"{_ECOSYSTEM}.advisories"), now_s)
    hits: dict[tuple[str, Version, int], Hits] = defaultdict(list)
    for row, record in rows:
        for affected in [] if record.get("withdrawn") else record.get("affected") or []:
            package = affected.get("package") or {}
            name = canonicalize_name(package.get("name", ""))
            for version in wanted.get(name, ()) if package.get("ecosystem") == _ECOSYSTEM else ():
                try:
                    if fixes := _fixes(affected, version):
                        hits[name, version, row["grp"]].append((row, fixes))
                except InvalidVersion:
                    gaps.append(Skipped(row["name"], f"it names no version of {name} that can be compared"))
    findings = [_finding(wanted[name][version], version, found) for (name, version, _), found in hits.items()]
    findings.sort(key=lambda one: (one.kind != "malicious", not one.kev, -(one.severity.score or 6.95), one.ids))
    unknown = sum(one.severity.score is None for one in findings)
    coverage = Coverage(sum(map(len, wanted.values())), tuple(skipped), tuple(gaps), unknown, (source,))
    read = (reading.files, reading.lints, reading.dependencies, reading.inventory)
    return Audit(tuple(findings), coverage, *read, engine="classic")


def _database(path: Path, now_s: float) -> tuple[list[tuple[sqlite3.Row, Any]], Source]:
    damaged = ExternalError(f"{path} is missing or damaged", hint="run `boombap deps sync --rebuild`")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            facts = dict(tuple(row) for row in connection.execute("SELECT name, value FROM meta"))
            found = connection.execute(_ADVISORIES).fetchall()
        rows = [(row, json.loads(zlib.decompress(row["body"]))) for row in found]
    except (sqlite3.Error, zlib.error, ValueError, TypeError):
        raise damaged from None
    if len(rows) != facts.get("records"):
        raise damaged
    known: dict[str, Any] = {name: int(facts.get(name) or 0) for name in ("records", "built_at_s", "unreadable")}
    known |= {name: str(facts.get(name) or "") for name in ("newest", "sha256", "origin", "kev_date", "epss_date")}
    newest_s = datetime.fromisoformat(known["newest"]).timestamp() if known["newest"] else 0
    known |= {"age_s": int(now_s - int(facts.get("checked_at_s") or 0)), "content_age_s": int(now_s - newest_s)}
    return rows, Source(_ECOSYSTEM, **known, is_sample=bool(facts.get("is_sample")))


def _fixes(affected: Mapping[str, Any], version: Version) -> list[str | None]:
    """Return the fixes of each range that a version is in, None where it has no fix.

    Raises:
        InvalidVersion: when there is nothing to compare with.
    """
    ranges = [one["events"] for one in affected.get("ranges", ()) if one["type"] != "GIT"]
    if not ranges and not affected.get("versions"):
        raise InvalidVersion
    found: list[str | None] = [None] if version in map(Version, affected.get("versions", ())) else []
    for events in ranges:
        fixes = [event["fixed"] for event in events if "fixed" in event]
        if _is_in(events, version):
            found += fixes or [None]
    return found


def _is_in(events: Sequence[Mapping[str, str]], version: Version) -> bool:
    """Tell whether the last event up to a version leaves it affected; ``0`` is before every version."""
    points = [(_FIRST if text == "0" else Version(text), kind) for event in events for kind, text in event.items()]
    past = [
        (point, kind) for point, kind in points if point < version or (point == version and kind != "last_affected")
    ]
    return bool(past) and max(past)[1] == "introduced"


def _finding(places: list[Dependency], version: Version, hits: Hits) -> Finding:
    rows = [row for row, _ in hits]
    words = next((row for row in rows if row["name"] == row["leader"]), rows[0])
    worst = max(rows, key=lambda row: row["score"] or -1)
    severity = UNKNOWN if worst["score"] is None else Severity(worst["score"], worst["basis"], worst["vector"])
    fixed = {fix for _, fixes in hits for fix in fixes if fix and Version(fix) > version}
    return Finding(
        places[0],
        words["leader"],
        tuple(words["others"].split()),
        severity=severity,
        fixed=tuple(sorted(fixed, key=Version)),
        advisories=tuple(row["name"] for row in rows),
        also=tuple(places[1:]),
        **{name: words[name] for name in ("summary", "kev", "epss", "kind")},
    )
