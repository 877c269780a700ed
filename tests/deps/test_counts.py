"""What an audit leaves for the collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.telemetry import snapshot
from deps.osv import TRUTH, database

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

FINDINGS = "boombap_deps_findings"


def verdict(left: dict[tuple[str, ...], float]) -> str:
    (word,) = (labels[1] for labels, value in left.items() if labels[0] == "boombap_deps_verdict" and value)
    return word


@pytest.fixture
def audit(boombap: Run, isolated: Path, tmp_path: Path) -> Callable[..., dict[tuple[str, ...], float]]:
    """Return what an audit of a requirements file leaves."""
    folder = database(tmp_path, TRUTH)

    def run(requirements: str, *words: str, **environment: str) -> dict[tuple[str, ...], float]:
        (isolated / "requirements.txt").write_text(requirements)
        given = {"BOOMBAP_DEPS_DATABASE": folder, "BOOMBAP_PATHS_STATE": str(tmp_path / "state"), **environment}
        boombap("deps", "audit", *words, **given)
        samples = snapshot.read(tmp_path / "state" / "metrics" / "deps.prom")
        return {(name, *(text for _, text in labels)): value for (name, labels), value in samples.items()}

    return run


def test_an_audit_is_counted_whole_and_replaces_the_one_before(
    audit: Callable[..., dict[tuple[str, ...], float]],
) -> None:
    left = audit("fastapi==0.104.1\nblack==23.12.1\nredis>=4\n", "--severity", "critical")
    assert (left[FINDINGS, "high"], left[FINDINGS, "unknown"], left[FINDINGS, "critical"]) == (1, 1, 0)
    assert (left["boombap_deps_audited_packages",], left["boombap_deps_unaudited",]) == (2, 1)
    assert verdict(left) == "unknown", "a line without a version was not looked at"
    assert verdict(audit("fastapi==0.104.1\n")) == "blocked"
    left = audit("redis==5.3.1\n")
    assert {value for (name, *_), value in left.items() if name == FINDINGS} == {0.0}
    assert left["boombap_deps_unaudited",] == 0
    assert verdict(left) == "allowed"
