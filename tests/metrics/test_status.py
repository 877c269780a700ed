"""`metrics status`: sources and runs, and nothing that could not be looked at is left unsaid."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]


def test_sources_and_runs(boombap: Run, healthy: Database, tmp_path: Path) -> None:
    environment = {"DATABASE_URL": healthy.url(), "BOOMBAP_PATHS_STATE": str(tmp_path / "state")}
    assert boombap("db", "--connections", **environment).returncode == 0
    assert boombap("redis", "info", REDIS_URL="redis://127.0.0.1:1/0", **environment).returncode == 3
    done = boombap("metrics", "status", BOOMBAP_METRICS_SOURCES="db", **environment)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[1][:2] == ["db", "up"]
    assert int(rows[1][2]) > 5
    assert rows[4][:4] == ["db", "diagnose", "1", "0"]
    assert rows[4][-1] == "ago"
    assert rows[5] == ["redis", "info", "1", "1", "never"]
    state = json.loads(boombap("metrics", "status", "--format", "json", **environment).stdout)
    assert state["schema"] == "boombap.metrics.status/1"
    actions = {action["command"]: action for action in state["actions"]}
    assert actions["db"]["last_success_s"] > 1.7e9
    assert (actions["redis"]["failed"], actions["redis"]["last_success_s"]) == (1, None)
    assert actions["metrics"]["runs"] == 1


def test_a_source_that_is_down_decides_the_exit_code(boombap: Run, tmp_path: Path) -> None:
    environment = {"BOOMBAP_METRICS_SOURCES": "redis", "BOOMBAP_PATHS_STATE": str(tmp_path)}
    done = boombap("metrics", "status", REDIS_URL="redis://:s3cr3t@127.0.0.1:1/0", **environment)
    assert done.returncode == 3
    assert "127.0.0.1:1" in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr


def test_a_damaged_file_is_named(boombap: Run, tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir(mode=0o700)
    (tmp_path / "metrics" / "db.prom").write_text('boombap_command_runs_total{command="x"')
    done = boombap("metrics", "status", BOOMBAP_PATHS_STATE=str(tmp_path))
    assert done.returncode == 3
    assert "db.prom cannot be read" in done.stdout


def test_nothing_to_report_on_is_no_success(boombap: Run, tmp_path: Path) -> None:
    done = boombap("metrics", "status", BOOMBAP_PATHS_STATE=str(tmp_path / "state"))
    assert done.returncode == 4
    assert done.stdout.splitlines() == [
        "no source is configured: see `boombap config show`",
        "",
        "no command has left metrics",
    ]
