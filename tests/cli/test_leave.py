"""The end without a teardown: nothing that was to happen at the end is left out."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def ended(code: str, **options: object) -> subprocess.CompletedProcess[str]:
    whole = f"from boombap.cli.leave import leave\n{code}\n"
    argv = [sys.executable, "-c", whole]
    return subprocess.run(argv, text=True, capture_output=True, timeout=30, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("code", [0, 1, 70, 130])
def test_it_ends_with_its_code_and_what_was_written(code: int):
    done = ended(f"import sys\nprint('data')\nprint('note', file=sys.stderr)\nleave({code})")
    assert (done.returncode, done.stdout, done.stderr) == (code, "data\n", "note\n")


def test_what_is_registered_at_exit_runs_in_reverse():
    done = ended("import atexit\natexit.register(print, 'first')\natexit.register(print, 'second')\nleave(3)")
    assert (done.returncode, done.stdout) == (3, "second\nfirst\n")


def test_a_temporary_folder_is_removed(tmp_path: Path, isolated: Path):
    done = ended(
        f"import tempfile, warnings\nwarnings.simplefilter('ignore')\n"
        f"kept = tempfile.TemporaryDirectory(dir={str(tmp_path)!r})\nprint(kept.name)\nleave(0)"
    )
    assert str(tmp_path) in done.stdout
    assert list(tmp_path.iterdir()) == [isolated]


def test_a_thread_is_waited_for_and_a_daemon_is_not():
    done = ended(
        "import threading\nready = threading.Event()\n"
        "threading.Thread(target=lambda: (ready.wait(10), print('done'))).start()\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "threading.Timer(0.2, ready.set).start()\nleave(0)"
    )
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_streams_that_are_closed_do_not_matter():
    assert ended("import sys\nsys.stdout.close()\nsys.stderr = None\nleave(4)").returncode == 4


def test_a_log_handler_is_flushed(tmp_path: Path):
    file = tmp_path / "log"
    code = (
        "import logging, logging.handlers\n"
        f"target = logging.FileHandler({str(file)!r})\n"
        "logging.getLogger().addHandler(logging.handlers.MemoryHandler(1000, target=target))\n"
        "logging.getLogger().warning('kept')\nleave(0)"
    )
    assert ended(code).returncode == 0
    assert file.read_text() == "kept\n"
