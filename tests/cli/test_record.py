"""What a run leaves for the collector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.telemetry import snapshot

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


def left(state: Path, command: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Give what runs left of a command, by name and values of the labels."""
    samples = snapshot.read(state / "metrics" / f"{command}.prom")
    return {(name, tuple(text for _, text in labels)): value for (name, labels), value in samples.items()}


def test_runs_are_counted_by_how_they_ended(boombap: Run, isolated: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    (isolated / "notes.md").write_text("# Crates\n\nWhere the breaks are.\n")
    for words, code in ((("search", "breaks"), 0), (("search", "breaks"), 0), (("search", "zzqqxx"), 1)):
        assert boombap("ctx", *words, BOOMBAP_PATHS_STATE=str(state)).returncode == code
    found = left(state, "ctx")
    assert found["boombap_command_runs_total", ("ctx", "search", "0")] == 2
    assert found["boombap_command_runs_total", ("ctx", "search", "1")] == 1
    assert found["boombap_command_seconds_count", ("ctx", "search")] == 3
    assert found["boombap_command_last_success_timestamp_seconds", ("ctx", "search")] > 1.7e9


def test_a_failure_is_counted_and_is_no_success(boombap: Run, tmp_path: Path) -> None:
    environment = {"BOOMBAP_PATHS_STATE": str(tmp_path / "state"), "DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    assert boombap("db", "--quick", **environment).returncode == 3
    found = left(tmp_path / "state", "db")
    assert found["boombap_command_runs_total", ("db", "diagnose", "3")] == 1
    assert ("boombap_command_last_success_timestamp_seconds", ("db", "diagnose")) not in found


def test_help_and_mistakes_leave_nothing(boombap: Run, tmp_path: Path) -> None:
    for words in (("db", "--help"), ("db", "--no-such-option"), ("--version",), ("config", "show")):
        boombap(*words, BOOMBAP_PATHS_STATE=str(tmp_path / "state"))
    assert not (tmp_path / "state").exists()


def test_metrics_that_cannot_be_kept_fail_nothing(boombap: Run, isolated: Path) -> None:
    (isolated / "file").write_text("no folder")
    (isolated / "notes.md").write_text("# Crates\n")
    done = boombap("ctx", "search", "crates", BOOMBAP_PATHS_STATE=str(isolated / "file" / "state"))
    assert (done.returncode, "metrics" in done.stderr) == (0, False)
