"""Runs `boombap` in a fork of a process that has imported all of it.

A run is a process as at a desk: streams that are pipes, environment, folder, signals and exit code of its own. What it
spares is the start of Python and the imports, which is most of the time of a short command. Start-up itself, memory and
the order of hashes (the forks share one seed) are tested with processes that begin from nothing.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

AVAILABLE = hasattr(os, "pidfd_open")  # Linux
_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_")
_LARGEST_BYTES = 1024**2
_NUMBER = struct.Struct("i")
_FIRST_FREE_FD, _LAST_FD = 3, 1024


def run(
    argv: Sequence[str], environ: Mapping[str, str], folder: Path, timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """Run `boombap ARGV` in a fork, or in a new process where a fork would differ; see `ForkServer.run`."""
    if AVAILABLE and shared().suits(environ):
        return shared().run(argv, environ, folder, timeout_s)
    words = [sys.executable, "-m", "boombap", *argv]
    pipes = {"capture_output": True, "text": True}
    return subprocess.run(words, env=environ, cwd=folder, timeout=timeout_s, check=False, **pipes)


@cache
def shared() -> ForkServer:
    """Return the server of this process, which the first call starts."""
    server = ForkServer()
    atexit.register(server.close)
    return server


class ForkServer:
    """The process that forks, from the side of the tests; any thread may use it."""

    def __init__(self) -> None:
        # As the fixture `isolated` has it.
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        self._at_start = _read_at_start(environ)
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # -P: the folders of the tests bear the names of libraries. The pipes make streams that cannot seek.
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                env=environ, pass_fds=[theirs.fileno()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip

    def suits(self, environ: Mapping[str, str]) -> bool:
        """Tell whether a run may be a fork: what Python and the loader read at their start is as it was."""
        return _read_at_start(environ) == self._at_start

    def run(
        self, argv: Sequence[str], environ: Mapping[str, str], folder: Path, timeout_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run `boombap ARGV` and return what it wrote and its exit code, negative after a signal.

        Raises:
            subprocess.TimeoutExpired: it was killed because it had not ended by then.
        """
        with ExitStack() as stack:
            (out, out_end), (err, err_end) = os.pipe(), os.pipe()
            status, status_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stack.enter_context(status)
            ends = [out_end, err_end, status_end.detach()]
            request = json.dumps([list(argv), dict(environ), str(folder)]).encode()
            try:
                socket.send_fds(self._channel, [request], ends)
            finally:
                for fd in ends:
                    os.close(fd)
            readers = stack.enter_context(ThreadPoolExecutor(2))
            texts = [readers.submit(_read, fd) for fd in (out, err)]
            code = self._wait(status, argv, timeout_s)
            return subprocess.CompletedProcess(argv, code, *(text.result() for text in texts))

    def _wait(self, status: socket.socket, argv: Sequence[str], timeout_s: float) -> int:
        status.settimeout(timeout_s)
        pid = self._number(status)
        try:
            return self._number(status)
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(argv), timeout_s) from None

    def _number(self, status: socket.socket) -> int:
        raw = status.recv(_NUMBER.size)
        if not raw:
            raise RuntimeError(f"the fork server has ended: {self._process.communicate()[1]}")
        return _NUMBER.unpack(raw)[0]

    def close(self) -> None:
        self._channel.close()
        self._process.communicate(timeout=10)


def _read_at_start(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name.startswith(_AT_START)}


def _read(fd: int) -> str:
    with open(fd) as stream:
        return stream.read()


def serve(channel: socket.socket) -> None:
    """Fork for each request until the tests close the channel."""
    _import_everything()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy every page
    running: dict[int, tuple[int, int]] = {}
    events = select.poll()
    events.register(channel, select.POLLIN)
    while True:
        for fd, _ in events.poll():
            if fd != channel.fileno():
                events.unregister(fd)
                _report(fd, *running.pop(fd))
            elif not _fork(channel, running, events):
                return


def _import_everything() -> None:
    import boombap

    for module in pkgutil.walk_packages(boombap.__path__, "boombap."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _fork(channel: socket.socket, running: dict[int, tuple[int, int]], events: select.poll) -> bool:
    request, fds, _, _ = socket.recv_fds(channel, _LARGEST_BYTES, 3, socket.MSG_CMSG_CLOEXEC)
    if not request:
        return False
    out, err, status = fds
    pid = os.fork()
    if not pid:
        channel.detach()
        _become(out, err, *json.loads(request))
    os.close(out)
    os.close(err)
    os.write(status, _NUMBER.pack(pid))
    ended = os.pidfd_open(pid)
    running[ended] = pid, status
    events.register(ended, select.POLLIN)
    return True


def _become(out: int, err: int, argv: list[str], environ: dict[str, str], folder: str) -> NoReturn:
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(_FIRST_FREE_FD, _LAST_FD)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv[1:] = argv
    from boombap.cli.scripts import boombap

    boombap()


def _report(ended: int, pid: int, status: int) -> None:
    os.close(ended)
    _, how = os.waitpid(pid, 0)
    try:
        os.write(status, _NUMBER.pack(os.waitstatus_to_exitcode(how)))
    except BrokenPipeError:
        pass  # the test has given it up
    finally:
        os.close(status)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        serve(requests)
