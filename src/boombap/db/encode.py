"""The diagnosis for machines: JSON as it is, and CSV with one line a number; docs/reference/db.md describes both."""

from __future__ import annotations

from boombap.db.fleet import Failure
from boombap.db.model import Connections, Diagnosis, Tracks, Unanalyzed
from boombap.health.finding import Finding, Severity
from boombap.output.encode import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "boombap.db/1"
FLEET_SCHEMA = "boombap.db.fleet/1"
CSV_HEAD = ("database", "part", "subject", "measure", "value")


def diagnosis_object(diagnosis: Diagnosis) -> dict[str, object]:
    """Give the JSON object of one diagnosis; parts that were not asked for are left out."""
    parts = {name: value for name, value in plain(diagnosis).items() if value is not None}
    if isinstance(diagnosis.connections, Connections):
        parts["connections"] = {**plain(diagnosis.connections), "used_pct": round(diagnosis.connections.used_pct, 1)}
    if diagnosis.health:
        health = diagnosis.health
        parts["health"] = {
            **plain(health),
            "findings": [_finding(one) for one in health.findings],
            "waived": [_finding(one) for one in health.waived],
        }
    return {"schema": SCHEMA, **parts}


def fleet_object(answers: list[Diagnosis | Failure]) -> dict[str, object]:
    """Give the JSON object of many diagnoses; one that failed has ``error`` instead of parts."""
    targets = [
        diagnosis_object(one)
        if isinstance(one, Diagnosis)
        else {"schema": SCHEMA, "target": one.target, "name": one.name, "error": one.reason}
        for one in answers
    ]
    return {"schema": FLEET_SCHEMA, "targets": targets}


def _finding(finding: Finding) -> dict[str, object]:
    return {**plain(finding), "severity": finding.severity.word}


def csv_rows(diagnosis: Diagnosis | Failure) -> Iterator[tuple[object, ...]]:
    """Give one line a number under `CSV_HEAD`."""
    if isinstance(diagnosis, Failure):
        yield (diagnosis.name, "error", diagnosis.target, "reason", diagnosis.reason)
        return
    for part, subject, measure, value in _measures(diagnosis):
        yield (diagnosis.name, part, subject, measure, value)


def _measures(diagnosis: Diagnosis) -> Iterator[tuple[str, str, str, object]]:
    yield "server", "", "version", diagnosis.server.version
    yield "server", "", "size_bytes", diagnosis.server.size_bytes
    if isinstance(diagnosis.tracks, Tracks):
        for name, value in plain(diagnosis.tracks).items():
            yield "tracks", "", name, value
    if isinstance(diagnosis.analyzers, tuple):
        for one in diagnosis.analyzers:
            for name in ("rows", "tracks", "coverage_pct", "first", "last", "new_rows"):
                yield "analyzers", one.name, name, getattr(one, name)
    if isinstance(diagnosis.connections, Connections):
        yield "connections", "", "total", diagnosis.connections.total
        yield "connections", "", "limit", diagnosis.connections.limit
        for state, count in diagnosis.connections.by_state.items():
            yield "connections", state, "sessions", count
    if isinstance(diagnosis.tables, tuple):
        for table in diagnosis.tables:
            for name in ("exists", "rows_estimate", "heap_bytes", "index_bytes", "indexes"):
                yield "tables", table.name, name, getattr(table, name)
    if isinstance(diagnosis.unanalyzed, Unanalyzed):
        yield "unanalyzed", diagnosis.unanalyzed.analyzer or "", "total", diagnosis.unanalyzed.total
    if diagnosis.health:
        for severity in Severity:
            found = sum(one.severity is severity for one in diagnosis.health.findings)
            yield "health", severity.word, "findings", found
        for finding in diagnosis.health.findings:
            yield "finding", finding.subject, finding.id, finding.severity.word
        for skipped in diagnosis.health.skipped:
            yield "skipped", skipped.id, "reason", skipped.reason
