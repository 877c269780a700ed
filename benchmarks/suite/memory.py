"""The memory of all six tools together: three that serve, and three that work beside them.

`db` and `redis keys` end much earlier than `spotify batch`. They are started again until it ends, so that the peak has
all six.

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
_LONGEST = "spotify batch"
_WORK = {
    "db": ("db", "-q"),
    "redis keys": ("redis", "keys", "-q", "--fresh"),
    _LONGEST: ("spotify", "batch", "-q"),
}


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
        peak = _peak_of_work(serving, environ, stack)
        _check_alive(serving)
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


def _peak(processes: Processes, until_s: float) -> dict[str, float]:
    """Return the PSS of each process in MiB when the sum was largest."""
    peak: dict[str, float] = {}
    while time.monotonic() < until_s:
        peak = _larger(peak, processes)
        time.sleep(_POLL_S)
    return _rounded(peak)


def _peak_of_work(serving: Processes, environ: Mapping[str, str], stack: ExitStack) -> dict[str, float]:
    """Return the PSS of each process in MiB when the sum was largest, until the longest work has ended.

    Raises:
        SystemExit: when a command fails, or takes too long.
    """
    peak: dict[str, float] = {}
    working = {name: stack.enter_context(_started(environ, *words)) for name, words in _WORK.items()}
    until_s = time.monotonic() + _LIMIT_S
    while time.monotonic() < until_s:
        peak = _larger(peak, {**serving, **working})
        for name, run in working.items():
            if run.poll() is None:
                continue
            if run.poll() not in _FINE:
                raise SystemExit(f"memory was not measured: {name} ended with {run.poll()}")
            if name == _LONGEST:
                return _rounded(peak)
            working[name] = stack.enter_context(_started(environ, *_WORK[name]))
        time.sleep(_POLL_S)
    raise SystemExit(f"memory was not measured: {_LONGEST} took longer than {_LIMIT_S:.0f} s")


def _larger(peak: dict[str, float], processes: Processes) -> dict[str, float]:
    parts = {name: pss_mb(run.pid) for name, run in processes.items()}
    return parts if sum(parts.values()) > sum(peak.values()) else peak


def _rounded(peak: Mapping[str, float]) -> dict[str, float]:
    return {name: round(size_mb, 1) for name, size_mb in peak.items()}


def pss_mb(pid: int) -> float:
    """Return the proportional memory of a process in MiB; 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), 0.0)


def _check_alive(serving: Processes) -> None:
    ended = [name for name, run in serving.items() if run.poll() is not None]
    if ended:
        raise SystemExit(f"memory was not measured: {', '.join(ended)} ended too early")
