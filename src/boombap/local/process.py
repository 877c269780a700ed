"""A server's process: how it starts, how it is recognised, how it ends.

A process id alone does not identify a process, because the system reuses it. A process is ours when it runs the
expected program and one argument of its command line is the path that we gave it.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boombap.errors import ExternalError, TimedOut

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    T = TypeVar("T")

STEP_S = 0.005
_PUT_DOWN_LIMIT_S = 5.0
# Nothing of the caller's environment (PGPORT, LC_MESSAGES, LD_PRELOAD) changes how a server behaves.
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Running:
    """A local server that runs.

    Attributes:
        name: ``postgres`` or ``valkey``.
        pid: its process.
        host: the folder of its socket.
        port: of its socket's name or its TCP port; 0 when neither has one.
        version: for example ``18.6``.
        data: its data folder.
        started_s: when it started, Unix time.
        url: reaches it over the socket; holds no password.
        tcp_url: reaches it over loopback, without the password; empty when it listens on its socket only.
        password_file: holds the password where one is asked for; None where none is.
        ready: whether it answers; False while it starts, recovers or stops.
    """

    name: str
    pid: int
    host: Path
    port: int
    version: str
    data: Path
    started_s: float
    url: str
    tcp_url: str = ""
    password_file: Path | None = None
    ready: bool = True


def poll(check: Callable[[], T], limit_s: float, sleep: Callable[[float], None] = time.sleep) -> T:
    """Call `check` every 5 ms until it returns something true or the time is over; return its last answer.

    Args:
        check: called at least once.
        limit_s: the longest wait.
        sleep: waits; `Interrupt.sleep` makes the wait end with `Interrupted`.
    """
    deadline = time.monotonic() + limit_s
    while not (answer := check()) and time.monotonic() < deadline:
        sleep(STEP_S)
    return answer


def spawn(
    command: Sequence[str | Path], log: Path, *, user: int | None = None, group: int | None = None, stdin: bytes = b""
) -> subprocess.Popen[bytes]:
    """Start a program apart from this command's terminal, with its output appended to `log`.

    Args:
        command: the program and its arguments.
        log: created with mode 0600.
        user: run as this user id, without supplementary groups; None for the current one.
        group: goes with `user`.
        stdin: given to the program whole; at most a pipe's buffer (64 kB).

    Raises:
        ExternalError: when the program cannot be started.
    """
    import subprocess

    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            cwd="/",  # the current folder may be one that the server's user cannot enter
            env=_ENVIRONMENT,
            start_new_session=True,
            umask=0o077,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ExternalError(f"cannot start {command[0]}: {error}") from error
    finally:
        os.close(descriptor)
    if child.stdin:
        _feed(child, stdin)
    return child


def release(child: subprocess.Popen[bytes]) -> None:
    """Let the server outlive this command: `Popen` would warn about a child that was not waited for."""
    child.returncode = 0


@contextmanager
def put_down_on_failure(child: subprocess.Popen[bytes], signum: int) -> Iterator[None]:
    """End the child when the block raises, Ctrl-C included: by `signum` first, by SIGKILL after five seconds."""
    import subprocess

    try:
        yield
    except BaseException:
        if child.poll() is None:
            child.send_signal(signum)
        try:
            child.wait(_PUT_DOWN_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


def is_ours(pid: int, word: str, *programs: str) -> bool:
    """Tell whether `pid` is alive, runs one of the programs and has `word` on its command line.

    A dead process that nobody has waited for (a zombie) has no command line and is not alive.
    """
    argv = _command_line(pid)
    return bool(argv) and Path(argv[0]).name in programs and word in argv


def end(pid: int, alive: Callable[[], bool], signums: Sequence[int], limit_s: float) -> None:
    """End a process by the first signal that does it.

    Args:
        pid: of a process that `alive` has just recognised.
        alive: asked before each signal, so that a process which took over the number is left alone.
        signums: the polite one first.
        limit_s: the wait after each signal.

    Raises:
        TimedOut: when the process outlives them all.
    """
    for signum in signums:
        if not alive():
            return
        _send(pid, signum)
        if poll(lambda: _reap(pid) or not alive(), limit_s):
            return
    raise TimedOut(f"process {pid} did not end within {limit_s:.0f} s", hint="look at its log, then end it by hand")


def tail(log: Path, lines: int = 6) -> str:
    """Return the last lines of a log that are not empty, joined into one."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "no log was written"
    return " | ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:]) or "the log is empty"


def _feed(child: subprocess.Popen[bytes], stdin: bytes) -> None:
    import contextlib

    assert child.stdin is not None
    # A program that ended before reading says why in its log and its exit status.
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(stdin)
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()


def _command_line(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return [] if Path("/proc/self").exists() else _command_line_from_ps(pid)
    return [os.fsdecode(word) for word in raw.split(b"\0") if word]


def _command_line_from_ps(pid: int) -> list[str]:
    """Ask `ps` where /proc is missing (macOS); arguments with spaces are split, which can only hide a process."""
    import subprocess

    answer = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.split()


def _send(pid: int, signum: int) -> None:
    import contextlib

    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)


def _reap(pid: int) -> bool:
    """Take the exit status if the process is our own child, so that no zombie stays; tell whether it had ended."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False
