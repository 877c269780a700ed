"""The start-up guard: which modules a command loads, and loose bounds on its time and memory.

The budgets stand in the architecture notes: 32 ms and 12 MB for the help, 90-120 ms and 26 MB for `db`. The bounds here
are about five times the time and half as much again of the memory, so that only a real mistake breaks them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from statistics import median
from typing import TYPE_CHECKING

import pytest

import servers

if TYPE_CHECKING:
    from pathlib import Path

# None of these is needed to answer any of the commands below; each costs 2-20 ms.
HEAVY = {
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "email",
    "hashlib",
    "http",
    "importlib.metadata",
    "inspect",
    "logging",
    "random",
    "shutil",
    "ssl",
    "subprocess",
    "tempfile",
    "tomllib",
    "typing",
    "urllib.request",
}
HARNESS = {"cli", "command", "config", "errors", "flags", "interrupt", "log", "output", "record", "telemetry", "units"}
HELP = HARNESS - {"config", "flags", "log", "telemetry"}
KEPT = {"filelock", "private"}
TOOLS = {"ctx", "db", "deps", "metrics", "redis", "spotify"}
COMMANDS: dict[str, tuple[list[str], set[str], set[str]]] = {
    "help": (["--help"], {"cli", "errors", "output"}, HEAVY | {"argparse", "json", "pathlib", "re", "threading"}),
    "config": (["config", "show"], HARNESS | TOOLS, HEAVY | {"json", "psycopg2", "socket"}),
    "db help": (["db", "--help"], HELP | {"db"}, HEAVY | {"json", "psycopg2", "socket"}),
    "deps help": (["deps", "--help"], HELP | {"deps"}, HEAVY | {"json", "psycopg2", "pycurl", "socket", "sqlite3"}),
    "deps": (
        ["deps", "audit", "requirements.txt"],
        HARNESS | KEPT | {"deps"},
        (HEAVY - {"typing", "dataclasses"})
        | {"psycopg2", "pycurl", "orjson", "packaging", "yaml", "sqlite3", "cvss", "license_expression"},
    ),
    "db": (["db", "--quick"], HARNESS | KEPT | {"batch", "clients", "db", "health", "local"}, HEAVY),
}
"""By name: the words, the parts of boombap that are loaded, and what must not be."""
BOUNDS = {
    "help": (0.16, 18),
    "config": (0.4, 24),
    "db help": (0.4, 24),
    "deps help": (0.4, 24),
    "deps": (0.5, 26),
    "db": (0.6, 39),
}
"""By name: seconds (median of five), and MB of peak RSS."""

LISTING = """
import atexit, sys
before = set(sys.modules)
def show():
    loaded = [name for name, module in sys.modules.items() if module is not None and name not in before]
    print(*loaded, file=open(sys.argv[1], "w"))
atexit.register(show)
from boombap.cli.main import main
sys.exit(main(sys.argv[2:]))
"""
# pytest's own memory would show in its children: Linux counts a child's peak from the fork on.
LAUNCHER = """
import json, resource, subprocess, sys, time
words, times = sys.argv[1:], []
for _ in range(5):
    begun = time.perf_counter()
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    times.append(time.perf_counter() - begun)
peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps([times, peak_kb / 1000]))
"""

every_command = pytest.mark.parametrize("name", list(COMMANDS))


@pytest.fixture
def environment(tmp_path: Path, isolated: Path) -> dict[str, str]:
    """Byte code is compiled, as an installation does, PostgreSQL is a port where nobody listens, deps has a file."""
    (isolated / "requirements.txt").write_text("fastapi==0.104.1\nblack[d]==23.12.1\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    url = f"postgresql://dj:x@127.0.0.1:{servers.free_port()}/rap"
    return environ | {"DATABASE_URL": url, "PYTHONPYCACHEPREFIX": str(tmp_path / "byte-code")}


def python(environ: dict[str, str], *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *argv], capture_output=True, text=True, env=environ, check=False, timeout=60)


def loaded(name: str, environ: dict[str, str], folder: Path) -> set[str]:
    python(environ, "-c", LISTING, str(folder / "modules"), *COMMANDS[name][0])
    return set((folder / "modules").read_text().split())


@every_command
def test_parts_that_a_command_loads(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    ours = {module.split(".")[1] for module in loaded(name, environment, tmp_path) if module.startswith("boombap.")}
    assert ours == COMMANDS[name][1]


@every_command
def test_heavy_modules_stay_out(name: str, environment: dict[str, str], tmp_path: Path) -> None:
    assert loaded(name, environment, tmp_path) & COMMANDS[name][2] == set()


def test_a_run_without_flags_loads_the_switch_only(environment: dict[str, str], tmp_path: Path) -> None:
    ours = {module for module in loaded("db", environment, tmp_path) if module.startswith("boombap.flags.")}
    assert ours == {f"boombap.flags.{name}" for name in ("engine", "evaluation", "model", "settings")}


def test_help_loads_a_handful_of_modules(environment: dict[str, str], tmp_path: Path) -> None:
    ours = {module for module in loaded("help", environment, tmp_path) if module.startswith("boombap.")}
    named = {"cli", "cli.commands", "cli.main", "cli.streams", "errors", "output", "output.terminal"}
    assert ours == {f"boombap.{module}" for module in named}


def test_help_of_a_tool_loads_no_work_of_it(environment: dict[str, str], tmp_path: Path) -> None:
    ours = {module for module in loaded("db help", environment, tmp_path) if module.startswith("boombap.db.")}
    assert ours <= {"boombap.db.cli", "boombap.db.options", "boombap.db.model"}


@pytest.mark.parametrize("tool", ["ctx", "db", "deps", "redis", "spotify"])
def test_help_of_a_tool_loads_no_library_of_its_work(tool: str, environment: dict[str, str], tmp_path: Path) -> None:
    python(environment, "-c", LISTING, str(tmp_path / "modules"), tool, "--help")
    modules = set((tmp_path / "modules").read_text().split())
    assert f"boombap.{tool}.cli" in modules
    assert modules & {"psycopg2", "pycurl", "hiredis", "sqlite3", "ssl", "socket", "boombap.ctx.masking.mask"} == set()


@pytest.mark.parametrize("word", ["demo", "doctor", "local"])
def test_help_of_other_commands_does_without_drivers_and_ssl(
    environment: dict[str, str], tmp_path: Path, word: str
) -> None:
    python(environment, "-c", LISTING, str(tmp_path / "modules"), word, "--help")
    assert set((tmp_path / "modules").read_text().split()) & {"psycopg2", "ssl", "asyncio", "email", "http"} == set()


@every_command
def test_time_and_memory(name: str, environment: dict[str, str]) -> None:
    argv = [sys.executable, "-m", "boombap", *COMMANDS[name][0]]
    python(environment, *argv[1:])  # compiles
    times, peak_mb = json.loads(python(environment, "-c", LAUNCHER, *argv).stdout)
    most_s, most_mb = BOUNDS[name]
    assert median(times) < most_s
    assert peak_mb < most_mb
