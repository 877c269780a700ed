"""The server's end of the process that answers one call (`worker`): its start, its reports and its end."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from contextlib import suppress

from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from subprocess import Popen
    from typing import Any

    Report = dict[str, Any]


class Worker:
    """One running process.

    Attributes:
        fileno: the descriptor on which its reports arrive.
    """

    def __init__(self, request: Mapping[str, object]) -> None:
        """Start the process with a request (`worker.answer` describes it).

        Raises:
            ExternalError: when it cannot be started.
        """
        self._process = _started()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin, "it is a pipe"
        assert stdout, "it is a pipe"
        self.fileno = stdout.fileno()
        self._held = b""
        with suppress(BrokenPipeError):  # it ended at once; the end of stdout says so
            # stdin stays open: its end tells the process that the server is gone.
            stdin.write(json.dumps(request).encode() + b"\n")

    def reports(self) -> list[Report]:
        """Return what has arrived, nothing when nothing has; the last is an answer, a failure or a bug."""
        if not select.select([self.fileno], [], [], 0)[0]:
            return []
        part = os.read(self.fileno, 1 << 16)
        if not part:
            return [{"bug": f"the process that answers ended early ({_ending(self._process.wait())})"}]
        *whole, self._held = (self._held + part).split(b"\n")
        return [json.loads(line) for line in whole]

    def end(self) -> None:
        """End the process and its children, such as git; nothing to do where it has ended."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()


def _started() -> Popen[bytes]:
    from subprocess import PIPE, Popen  # 10 ms, not before the first call

    # -P: no module is taken from the working folder, which may be a repository that nobody has read yet.
    command = [sys.executable, "-P", "-m", "boombap.ctx.mcp.worker"]
    try:
        # A group of its own, so that git ends with it.
        return Popen(command, stdin=PIPE, stdout=PIPE, process_group=0, bufsize=0)
    except OSError as error:
        raise ExternalError(f"Python ({sys.executable}) cannot be started: {error.strerror}") from None


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
