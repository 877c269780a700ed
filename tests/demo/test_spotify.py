"""The Spotify part of the tour leaves nothing behind, and the lines that it prints work as typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import servers
from boombap.clients.postgres.target import from_text
from boombap.demo.spotify import lines_for_a_shell, show
from boombap.demo.stage import Stage
from boombap.interrupt import Interrupt
from boombap.output.terminal import Terminal

if TYPE_CHECKING:
    import pytest

    from databases import Database


def test_a_run_and_a_second_one_without_a_request(database: Database, capfd: pytest.CaptureFixture[str]):
    show(Stage(Terminal(), Interrupt()), from_text(database.url("owner"), origin="the test"))
    out, err = capfd.readouterr()
    first, second = out.split("» $ boombap spotify batch --tracks=1000\n")[1:]
    assert first.startswith("1,000 tracks in ")
    assert "failed" not in first
    assert second.startswith("nothing to do: every track has a result\n")
    assert "candidate 1: E-40 – Tell Me When to Go" in second
    assert err == ""
    assert database.run("SELECT 1 FROM pg_database WHERE datname = 'boombap_tour'") == []
    assert database.run("SELECT to_regclass('spotify_matches')::text AS name") == [{"name": None}]


def test_the_lines_for_a_shell_work_as_typed(database: Database):
    lines = [*lines_for_a_shell(database.url(), servers.free_port()), "code=$?", "kill $!", "exit $code"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh"],
        input="\n".join(lines),
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "1,000 tracks in " in done.stdout
    (row,) = database.run("SELECT count(*) AS n FROM spotify_matches WHERE outcome = 'matched'")
    assert row["n"] > 900
