"""The memory of all six tools together: three that serve, and three that work beside them.

What counts is PSS, in which a page that several processes share is divided among them: the sum is what the machine
needs. Each process is looked at every 20 ms; a peak in between is not seen.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .environment import BOOMBAP
from .keys import fill
from .model import Memory
from .servers import running_platform
from .workloads import deps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .model import Setting

    Processes = Mapping[str, subprocess.Popen[bytes]]

_POLL_S = 0.02
_SETTLE_S = 1.0
_LIMIT_S = 120.0
_FINE = (0, 1)


def together(setting: Setting) -> Memory:
    """Start what serves, let it settle, and let the others work beside it.

    Raises:
        SystemExit: when a command fails: a tool that does not work needs no memory.
    """
    with ExitStack() as stack:
        environ = deps.settings(setting.folder)
        deps.prepare(setting.folder, environ, setting.size(20_000, 500), 50)
        tracks = setting.size(5_000, 200)
        platform = stack.enter_context(running_platform(setting.folder, environ, tracks, 0))
        fill(platform.cache, setting.size(20_000, 1_000))
        environ = {**environ, **platform.environ}
        serving = {
            "metrics serve": stack.enter_context(_started(environ, "metrics", "serve", "-q", "--port", "0")),
            "deps serve": stack.enter_context(_started(environ, "deps", "serve", "-q", "--port", "0")),
            "ctx mcp": stack.enter_context(_started(environ, "ctx", "mcp", "-q", "--root", _repository(setting))),
        }
        resident = _peak(serving, time.monotonic() + _SETTLE_S)
        working = {
            "db": stack.enter_context(_started(environ, "db", "-q")),
            "redis keys": stack.enter_context(_started(environ, "redis", "keys", "-q", "--fresh")),
            "spotify batch": stack.enter_context(_started(environ, "spotify", "batch", "-q")),
        }
        peak = _peak({**serving, **working}, time.monotonic() + _LIMIT_S, working)
        _check(serving, working)
    return Memory(round(sum(resident.values()), 1), round(sum(peak.values()), 1), peak)


def _repository(setting: Setting) -> str:
    folder = setting.folder / "repository"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    (folder / "bucket.py").write_text("def take(tokens):\n    return tokens - 1\n", encoding="utf-8")
    return str(folder)


@contextmanager
def _started(environ: Mapping[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends; its stdin stays open, which is what keeps `ctx mcp` alive."""
    null = subprocess.DEVNULL
    with subprocess.Popen([BOOMBAP, *words], env=dict(environ), stdin=subprocess.PIPE, stdout=null, stderr=null) as run:
        try:
            yield run
        finally:
            run.terminate()


def _peak(processes: Processes, until_s: float, working: Processes | None = None) -> dict[str, float]:
    """Return the PSS of each process in MiB when the sum was largest, until all that work have ended, or a time."""
    peak: dict[str, float] = {}
    while time.monotonic() < until_s:
        parts = {name: pss_mb(run.pid) for name, run in processes.items()}
        if sum(parts.values()) > sum(peak.values()):
            peak = parts
        if working and all(run.poll() is not None for run in working.values()):
            break
        time.sleep(_POLL_S)
    return {name: round(size_mb, 1) for name, size_mb in peak.items()}


def pss_mb(pid: int) -> float:
    """Return the proportional memory of a process in MiB; 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), 0.0)


def _check(serving: Processes, working: Processes) -> None:
    ended = [name for name, run in serving.items() if run.poll() is not None]
    failed = [f"{name} ({run.poll()})" for name, run in working.items() if run.poll() not in _FINE]
    if ended or failed:
        raise SystemExit(f"memory was not measured: {', '.join([*ended, *failed])} ended too early or with an error")
