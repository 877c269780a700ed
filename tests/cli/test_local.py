"""`boombap local` without any server: what it says and how it ends; tests/local starts real ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]


def test_nothing_runs(boombap: Run) -> None:
    done = boombap("local", "status")
    assert (done.returncode, done.stdout, done.stderr) == (1, "postgres  not running\nvalkey    not running\n", "")


def test_one_server_may_be_named(boombap: Run) -> None:
    assert boombap("local", "status", "valkey").stdout == "valkey    not running\n"


def test_stopping_what_does_not_run_is_fine(boombap: Run) -> None:
    done = boombap("local", "stop")
    assert (done.returncode, done.stdout) == (0, "postgres  was not running\nvalkey    was not running\n")


def test_asking_leaves_nothing_behind(boombap: Run) -> None:
    boombap("local", "status")
    assert not Path(os.environ["XDG_DATA_HOME"]).exists()


def test_unknown_server(boombap: Run) -> None:
    done = boombap("local", "start", "mysql")
    assert done.returncode == 2
    assert "'mysql' is not one of postgres, valkey" in done.stderr


def test_data_folder_that_cannot_be_written(boombap: Run) -> None:
    done = boombap("local", "start", "valkey", BOOMBAP_PATHS_DATA="/dev/null/x")
    assert done.returncode == 3
    assert done.stderr.startswith("boombap local: cannot write to the data folder /dev/null/x/local: ")


def test_valkey_from_start_to_stop(boombap: Run) -> None:
    try:
        done = boombap("local", "start", "valkey")
        if done.returncode == 2:
            pytest.skip("Valkey is not at hand")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("valkey    running ")
        assert boombap("local", "status", "valkey").returncode == 0
    finally:
        assert boombap("local", "stop", "valkey").stdout == "valkey    stopped\n"
