"""What a run of checks leaves for the collector, by real commands against real servers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from boombap.telemetry import snapshot

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from caches import Cache
    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]


def counts(state: Path, command: str, name: str) -> dict[tuple[str, ...], float]:
    """Return the samples of one metric by the values of its labels after the command."""
    samples = snapshot.read(state / "metrics" / f"{command}.prom")
    return {tuple(text for _, text in labels[1:]): value for (of, labels), value in samples.items() if of == name}


def by_severity(health: dict[str, list[dict[str, str]]]) -> dict[str, int]:
    words = [finding["severity"] for finding in health["findings"]]
    return {severity: words.count(severity) for severity in ("info", "warning", "critical")}


def test_the_findings_of_a_database_replace_those_before(
    boombap: Run, faulty: Database, healthy: Database, tmp_path: Path
) -> None:
    state = {"BOOMBAP_PATHS_STATE": str(tmp_path)}
    for database in (faulty, healthy):
        done = boombap("db", "health", "--format", "json", DATABASE_URL=database.url(), **state)
        health = json.loads(done.stdout)["health"]
        expected = {("diagnose", severity): float(count) for severity, count in by_severity(health).items()}
        assert counts(tmp_path, "db", "boombap_health_findings") == expected
        unanswered = counts(tmp_path, "db", "boombap_health_checks_unanswered")
        assert sum(unanswered.values()) == len(health["skipped"])
    assert boombap("db", "--connections", DATABASE_URL=faulty.url(), **state).returncode == 0
    assert counts(tmp_path, "db", "boombap_health_findings") == expected, "a run without checks says nothing of them"


def test_the_findings_of_each_action_of_redis_are_kept_apart(boombap: Run, cache: Cache, tmp_path: Path) -> None:
    for action in ("info", "keys", "acl", "clients", "streams"):
        words = ("redis", action, "--fail-on", "never", "--format", "json")
        done = boombap(*words, REDIS_URL=cache.url, BOOMBAP_PATHS_STATE=str(tmp_path))
        assert done.returncode == 0, done.stderr
        health = json.loads(done.stdout)["health"]
        left = counts(tmp_path, "redis", "boombap_health_findings")
        assert {severity: left[action, severity] for severity in ("info", "warning", "critical")} == by_severity(health)
    assert len(left) == 15
