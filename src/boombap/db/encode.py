"""The diagnosis for machines: JSON as it is, and CSV with one line a number; docs/reference/db.md describes both."""

from __future__ import annotations

from boombap.db.fleet import Failure, Passed
from boombap.db.model import Connections, Diagnosis, Tracks, Unanalyzed
from boombap.health.finding import Finding, Severity
from boombap.output.encode import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from boombap.db.fleet import Answer
    from boombap.db.model import Analyzer, Health, Table

SCHEMA = "boombap.db/1"
FLEET_SCHEMA = "boombap.db.fleet/1"
_ANALYZER_MEASURES = ("rows", "tracks", "coverage_pct", "first", "last", "new_rows")
_TABLE_MEASURES = ("exists", "rows_estimate", "heap_bytes", "index_bytes", "indexes")
CSV_HEAD = ("database", "part", "subject", "measure", "value")


def diagnosis_object(diagnosis: Diagnosis) -> dict[str, object]:
    """Return the JSON object of one diagnosis; parts that were not asked for are left out."""
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


def fleet_object(answers: Sequence[Answer]) -> dict[str, object]:
    """Return the JSON object of many diagnoses; one that failed has ``error`` instead of parts."""
    targets = [_target(answer) for answer in answers if not isinstance(answer, Passed)]
    passed = [plain(answer) for answer in answers if isinstance(answer, Passed)]
    return {"schema": FLEET_SCHEMA, "targets": targets, "passed_over": passed}


def _target(answer: Diagnosis | Failure) -> dict[str, object]:
    if isinstance(answer, Diagnosis):
        return diagnosis_object(answer)
    return {"schema": SCHEMA, "target": answer.target, "name": answer.name, "error": answer.reason}


def _finding(finding: Finding) -> dict[str, object]:
    return {**plain(finding), "severity": finding.severity.word}


def csv_rows(diagnosis: Answer) -> Iterator[tuple[object, ...]]:
    """Yield one line a number under `CSV_HEAD`."""
    if isinstance(diagnosis, Passed):
        yield (diagnosis.name, "passed_over", "", "reason", diagnosis.reason)
        return
    if isinstance(diagnosis, Failure):
        yield (diagnosis.name, "error", diagnosis.target, "reason", diagnosis.reason)
        return
    for part, subject, measure, value in _measures(diagnosis):
        yield (diagnosis.name, part, subject, measure, value)


def _measures(diagnosis: Diagnosis) -> Iterator[tuple[str, str, str, object]]:
    yield "server", "", "version", diagnosis.server.version
    yield "server", "", "size_bytes", diagnosis.server.size_bytes
    if isinstance(diagnosis.tracks, Tracks):
        yield from (("tracks", "", name, value) for name, value in plain(diagnosis.tracks).items())
    if isinstance(diagnosis.analyzers, tuple):
        yield from _each("analyzers", diagnosis.analyzers, _ANALYZER_MEASURES)
    if isinstance(diagnosis.connections, Connections):
        yield from _connections(diagnosis.connections)
    if isinstance(diagnosis.tables, tuple):
        yield from _each("tables", diagnosis.tables, _TABLE_MEASURES)
    if isinstance(diagnosis.unanalyzed, Unanalyzed):
        yield "unanalyzed", diagnosis.unanalyzed.analyzer or "", "total", diagnosis.unanalyzed.total
    if diagnosis.health:
        yield from _health(diagnosis.health)


def _each(part: str, items: Iterable[Analyzer | Table], names: Sequence[str]) -> Iterator[tuple[str, str, str, object]]:
    for item in items:
        for name in names:
            yield part, item.name, name, getattr(item, name)


def _connections(connections: Connections) -> Iterator[tuple[str, str, str, object]]:
    yield "connections", "", "total", connections.total
    yield "connections", "", "limit", connections.limit
    for state, count in connections.by_state.items():
        yield "connections", state, "sessions", count


def _health(health: Health) -> Iterator[tuple[str, str, str, object]]:
    for severity in Severity:
        yield "health", severity.word, "findings", sum(one.severity is severity for one in health.findings)
    for finding in health.findings:
        yield "finding", finding.subject, finding.id, finding.severity.word
    for skipped in health.skipped:
        yield "skipped", skipped.id, "reason", skipped.reason
