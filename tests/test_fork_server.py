"""A run in a fork is like one that begins from nothing."""

from __future__ import annotations

import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from conftest import command, options
from fork_server import AVAILABLE, shared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fork_server import ForkServer

    Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> ForkServer:
    return shared() if AVAILABLE else pytest.skip("this system has no means to fork commands")


@pytest.mark.parametrize("argv", [(), ("--version",), ("dbb",), ("config", "show"), ("deps", "audit", "nowhere.txt")])
def test_output_and_exit_code_are_those_of_a_new_process(server: ForkServer, isolated: Path, argv: tuple[str]) -> None:
    values = {"DB_HOST": "db.example", "REDIS_PORT": "7000"}
    forked = server.run(argv, os.environ | values, isolated, 20)
    new = subprocess.run(command(*argv), **options(isolated, values), check=False)
    assert (forked.returncode, forked.stdout, forked.stderr) == (new.returncode, new.stdout, new.stderr)


def test_runs_at_the_same_time_do_not_mix(server: ForkServer, isolated: Path) -> None:
    def host(number: int) -> str:
        return server.run(("config", "show"), os.environ | {"DB_HOST": f"host-{number}-"}, isolated, 20).stdout

    with ThreadPoolExecutor(4) as threads:
        shown = list(threads.map(host, range(8)))
    assert all(f"host-{number}-" in text for number, text in enumerate(shown))
    assert all(text.count("host-") == shown[0].count("host-") for text in shown)


def test_a_run_that_does_not_end_is_killed(server: ForkServer, isolated: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        with pytest.raises(subprocess.TimeoutExpired):
            server.run(("redis", "stats"), os.environ | {"REDIS_URL": url}, isolated, 0.3)
    assert server.run(("--version",), os.environ, isolated, 20).returncode == 0


@pytest.mark.parametrize("name", ["PYTHONHASHSEED", "PYTHONUTF8", "LC_ALL", "LANG"])
def test_what_python_reads_at_its_start_needs_a_new_process(server: ForkServer, name: str) -> None:
    assert server.suits(os.environ)
    assert not server.suits(os.environ | {name: "another"})
