"""The harness, around small commands made for the test: errors to exit codes, signals, bugs, broken pipes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import pytest

import boombap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[[str], subprocess.Popen[str]]

LAUNCHER = """
import sys
from boombap.cli import streams
from boombap.cli.run import run
def load():
    import probe
    return probe
streams.prepare()
sys.exit(run(load, sys.argv[1:], prog="boombap probe"))
"""
PROBE = """
from boombap.command.action import Action, Tool
from boombap.command.options import add_quiet
def work(context):
    interrupt = context.interrupt
    {body}
TOOL = Tool("A probe.", (Action("work", "works", work, add_quiet),), default="work", needs_config=False)
"""
# The promise is one second; a busy machine needs some of the rest to end a process.
PROMPT_S = 2.0


def command(folder: Path, body: str) -> list[str]:
    lines = "\n    ".join(body.strip("\n").splitlines())
    (folder / "probe.py").write_text(PROBE.format(body=lines))
    return [sys.executable, "-c", LAUNCHER]


def options(folder: Path) -> dict[str, object]:
    # The product's own place too: it need not be the installed one.
    places = [str(folder), str(Path(boombap.__file__).parents[1])]
    return {
        "env": os.environ | {"PYTHONPATH": os.pathsep.join(places), "PYTHONUNBUFFERED": ""},
        "stderr": subprocess.PIPE,
        "text": True,
    }


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def done(body: str, *argv: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command(tmp_path, body), *argv], stdout=stdout, timeout=20, check=False, **options(tmp_path)
        )  # type: ignore[call-overload, no-any-return]

    return done


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a command and wait until it has said that it is ready."""
    children: list[subprocess.Popen[str]] = []

    def started(body: str) -> subprocess.Popen[str]:
        argv = command(tmp_path, f"print('ready', flush=True)\n{body}")
        children.append(subprocess.Popen(argv, stdout=subprocess.PIPE, **options(tmp_path)))  # type: ignore[call-overload]
        assert children[-1].stdout.readline() == "ready\n"
        return children[-1]

    yield started
    for child in children:
        child.kill()
        child.communicate()


@pytest.mark.parametrize("code", [0, 1, 4])
def test_exit_code_is_the_command_s(run: Run, code: int) -> None:
    done = run(f"print(context.args.quiet, interrupt.is_set)\nreturn {code}", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (code, "True False\n", "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("UsageError", 2),
        ("ConfigError", 2),
        ("Unreachable", 3),
        ("QueryFailed", 3),
        ("NoVerdict", 4),
        ("RetryLater", 75),
    ],
)
def test_error_is_one_line_and_its_exit_code(run: Run, error: str, code: int) -> None:
    done = run(f"from boombap.errors import {error}\nprint('data')\nraise {error}('it failed', hint='mend it')")
    assert (done.returncode, done.stdout, done.stderr) == (code, "data\n", "boombap probe: it failed; mend it\n")


def test_words_that_are_refused(run: Run) -> None:
    done = run("return 0", "--x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "boombap probe: work has no option --x; see `boombap probe work --help`\n"


def test_bug_is_one_line_and_a_private_traceback_without_secrets(run: Run) -> None:
    done = run("raise ValueError('postgresql://dj:hunter2@db/rap password=hunter2')")
    log = Path(os.environ["XDG_STATE_HOME"]) / "boombap" / "boombap.log"
    assert done.returncode == 70
    assert done.stderr == f"boombap probe: a bug in boombap (ValueError); the traceback is in {log}\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert "ValueError: postgresql://dj:***@db/rap password=***" in log.read_text()
    assert "hunter2" not in log.read_text()


def test_bug_while_the_tool_is_imported(run: Run, tmp_path: Path) -> None:
    argv = command(tmp_path, "return 0")
    (tmp_path / "probe.py").write_text("import no_such_module")
    done = subprocess.run(argv, stdout=subprocess.PIPE, timeout=20, check=False, **options(tmp_path))  # type: ignore[call-overload]
    assert done.returncode == 70
    assert "a bug in boombap (ModuleNotFoundError)" in done.stderr
    assert "Traceback" not in done.stderr


def test_bug_under_a_broken_configuration(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOMBAP_NO_SUCH_KEY", "1")
    done = run("1 / 0")
    assert done.returncode == 70
    assert "a bug in boombap (ZeroDivisionError); the traceback is in " in done.stderr


def test_bug_whose_traceback_cannot_be_written(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOMBAP_PATHS_STATE", "/dev/null/x")
    done = run("1 / 0")
    assert done.returncode == 70
    expected = "a bug in boombap (ZeroDivisionError); the traceback could not be written to /dev/null/x"
    assert done.stderr == f"boombap probe: {expected}\n"


@pytest.mark.parametrize("lines", [1, 50_000])
@pytest.mark.parametrize("end", ["return 0", "raise SystemExit(0)", "interrupt.check(); return 0"])
def test_reader_that_left_is_no_failure(run: Run, lines: int, end: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(f"for _ in range({lines}):\n    print('line')\n{end}", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("lines", [1, 50_000])
def test_full_disk_is_no_bug(run: Run, lines: int) -> None:
    writing = f"for _ in range({lines}):\n    Terminal().write('line')\nreturn 0"
    body = f"from boombap.output.terminal import Terminal\n{writing}"
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = run(body, stdout=full.fileno())
    assert done.returncode == 3
    assert done.stderr == "boombap probe: cannot write the output: No space left on device\n"


WAITS = {
    "a lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "accept": "import socket\ns = socket.create_server(('127.0.0.1', 0))\ns.accept()",
    "read of a pipe": "import os\nos.read(os.pipe()[0], 1)",
    "our sleep": "interrupt.sleep(60)",
    "a busy loop": "while True: pass",
    "a shut ear": "while True:\n    try:\n        interrupt.sleep(60)\n    except BaseException: pass",
    "a registered wait": (
        "import threading\nw = threading.Event()\nwith interrupt.cancel_with(w.set): w.wait()\ninterrupt.check()"
    ),
}


@pytest.mark.parametrize("wait", [pytest.param(body, id=name) for name, body in WAITS.items()])
def test_signal_ends_any_wait_within_a_second(start: Start, wait: str) -> None:
    children = {signum: start(wait) for signum in (signal.SIGINT, signal.SIGTERM)}
    started_s = monotonic()
    for signum, child in children.items():
        child.send_signal(signum)
    errors = [child.communicate(timeout=20)[1] for child in children.values()]
    assert ([child.returncode for child in children.values()], errors) == ([130, 143], ["interrupted\n"] * 2)
    assert monotonic() - started_s < PROMPT_S


def test_signal_that_another_thread_receives_is_heard(start: Start) -> None:
    # Two at once: the kernel gives one of them to the command's thread, where no handler runs.
    children = [start(WAITS["a lock"]) for _ in range(4)]
    for child in children:
        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGINT)
    for child in children:
        child.communicate(timeout=20)
        assert child.returncode in (130, 143)


def test_ender_is_called_again_until_the_work_has_ended(start: Start) -> None:
    child = start(
        "import threading\ncalls = []\nend = threading.Event()\n"
        "def ender():\n    calls.append(1)\n    if len(calls) == 3: end.set()\n"
        "with interrupt.cancel_with(ender):\n    print('inside', flush=True)\n    end.wait()\n"
        "print('calls', len(calls))\ninterrupt.check()"
    )
    assert child.stdout
    assert child.stdout.readline() == "inside\n"
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 130
    assert out == "calls 3\n"


def test_what_was_written_before_the_signal_stays(start: Start) -> None:
    child = start("print('partial')\ninterrupt.sleep(60)")
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=20)[0] == "partial\n"


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(signal.SIGINT, signal.SIGINT, 130), (signal.SIGTERM, signal.SIGINT, 143), (signal.SIGINT, signal.SIGTERM, 130)],
)
def test_a_second_signal_ends_a_run_that_drains_at_once(start: Start, first: int, second: int, code: int) -> None:
    """Who presses Ctrl-C twice does not wait for the work that a run has asked time for."""
    child = start(
        "import threading\ninterrupt.grace_s = 60\ninterrupt.wait()\nprint('drains', flush=True)\n"
        "threading.Event().wait()"
    )
    child.send_signal(first)
    assert child.stdout
    assert child.stdout.readline() == "drains\n"
    assert child.poll() is None
    started_s = monotonic()
    child.send_signal(second)
    _, err = child.communicate(timeout=6)
    assert (child.returncode, err) == (code, "interrupted\n")
    assert monotonic() - started_s < PROMPT_S


def test_a_run_that_asked_for_it_has_more_time_to_drain(start: Start) -> None:
    """What is in flight is written: the time that a run has asked for holds, not the time of all the others."""
    child = start(
        "import threading\nfrom boombap.interrupt import GRACE_S\ninterrupt.grace_s = 60\nprint('asked', flush=True)\n"
        "interrupt.wait()\nthreading.Event().wait(GRACE_S + 0.4)\nprint('written')\ninterrupt.check()"
    )
    assert child.stdout
    assert child.stdout.readline() == "asked\n"
    child.send_signal(signal.SIGINT)
    out, _ = child.communicate(timeout=20)
    assert (child.returncode, out) == (130, "written\n")
