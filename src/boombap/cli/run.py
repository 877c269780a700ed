"""The harness around every command: signals, errors to exit codes, broken pipes, and one short line for a bug.

The command runs in a thread of its own, because a query in the main thread notices Ctrl-C only when it ends: Python
runs signal handlers between byte codes of the main thread. The main thread waits on a pipe that receives the number of
a signal, and a zero at the command's end; after a signal it has the clients end their waits until the command has come
back. Python itself writes the number (`signal.set_wakeup_fd`): a handler in Python may never run, because the kernel
gives the signal to any thread, and the main thread would sleep on.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from functools import partial

from boombap.cli import streams
from boombap.command.dispatch import run_tool
from boombap.errors import EXIT_BUG, EXIT_OK, EXIT_USAGE, BoombapError, Interrupted
from boombap.interrupt import Interrupt
from boombap.output.terminal import flush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from boombap.cli.commands import CommandModule
    from boombap.command.dispatch import Ended
    from boombap.config.section import Scope

    Load = Callable[[], CommandModule]

_ENDING = (signal.SIGINT, signal.SIGTERM)
_STEP_S = 0.05


def run(load: Load, argv: Sequence[str], *, prog: str, command: str = "", extra: str = "") -> int:
    """Import the command's module, run what `argv` asks of its ``TOOL``, and return the exit code.

    Args:
        load: imports the module.
        argv: the words after the command's own.
        prog: the name of the command in messages.
        command: its word, under which its metrics are kept; empty for one that leaves none.
        extra: what installs the libraries of the command; empty when it needs none.
    """
    interrupt = Interrupt()
    on_end = partial(_record, command) if command else _forget
    task = _Task(lambda: _answer(partial(_call, load, argv, prog, interrupt, on_end), prog, extra))
    signal.set_wakeup_fd(task.wake_fd, warn_on_full_buffer=False)
    for signum in _ENDING:
        signal.signal(signum, lambda *_: None)
    task.start()
    while not task.is_done:
        received = task.wait(None)
        if received:
            interrupt.set(received)
            return _end(task, interrupt)
    return task.exit_code


class _Task:
    """The command's thread, and the pipe that wakes the main thread."""

    def __init__(self, work: Callable[[], int]) -> None:
        self.exit_code = EXIT_BUG
        self.is_done = False
        self._work = work
        self._signals_fd, self.wake_fd = os.pipe()
        os.set_blocking(self.wake_fd, False)

    def start(self) -> None:
        threading.Thread(target=self._run, name="command", daemon=True).start()

    def wait(self, seconds: float | None) -> int:
        """Wait for a signal and return its number; 0 when the command ends or the time is over."""
        if self.is_done or not select.select([self._signals_fd], [], [], seconds)[0]:
            return 0
        return next((number for number in os.read(self._signals_fd, 64) if number in _ENDING), 0)

    def _run(self) -> None:
        try:
            self.exit_code = self._work()
        finally:
            self.is_done = True
            os.write(self.wake_fd, b"\0")


def _end(task: _Task, interrupt: Interrupt) -> int:
    streams.print_error("interrupted")
    code = 128 + interrupt.signum
    deadline = time.monotonic() + interrupt.grace_s
    while not task.is_done and time.monotonic() < deadline:
        interrupt.end_waits()
        if task.wait(_STEP_S):
            break  # a second signal: a person who asks twice will not wait for the rest
    if not task.is_done:
        os._exit(code)
    return code


def _answer(call: Callable[[], int], prog: str, extra: str) -> int:
    try:
        code = call()
        flush(sys.stdout)
    except BrokenPipeError:
        return EXIT_OK
    except Interrupted as error:
        return error.exit_code
    except BoombapError as error:
        from boombap.log import redact  # a value that does not fit may be an address with a password

        streams.print_error(redact(f"{prog}: {error}"))
        return error.exit_code
    except UnicodeEncodeError:
        # What the shell hands over byte by byte reached a place that takes text only.
        streams.print_error(f"{prog}: an argument or a file name is not valid UTF-8")
        return EXIT_USAGE
    except Exception as error:  # noqa: BLE001 - the outermost handler
        return _not_installed(error, prog, extra) or _bug(error, prog)
    finally:
        streams.discard_unwritable()
    return code


def _call(load: Load, argv: Sequence[str], prog: str, interrupt: Interrupt, on_end: Callable[[Ended], None]) -> int:
    tool = load().TOOL
    try:
        return run_tool(tool, argv, prog=prog, interrupt=interrupt, scope=_names, on_end=on_end)
    except SystemExit as error:  # argparse, after --help
        return error.code if isinstance(error.code, int) else EXIT_OK


def _forget(_: Ended) -> None:
    return


def _record(command: str, ended: Ended) -> None:
    state = ended.config.paths.state
    if state is None:  # a command without configuration
        return
    from boombap.cli.record import record

    record(command, ended, state)


def _names() -> Scope:
    from boombap.cli.sections import names  # not for a help

    return names()


def _not_installed(error: Exception, prog: str, extra: str) -> int:
    """Say which library is missing and return the exit code; 0 when it is another error."""
    if not isinstance(error, ModuleNotFoundError):
        return 0
    from boombap.cli.extras import not_installed

    answer = not_installed(error, extra)
    if answer is None:
        return 0
    streams.print_error(f"{prog}: {answer}")
    return answer.exit_code


def _bug(error: Exception, prog: str) -> int:
    from boombap.log import write_traceback

    place = _traceback_folder()
    try:
        where = f"the traceback is in {write_traceback(error, place)}"
    except OSError:
        where = f"the traceback could not be written to {place}"
    streams.print_error(f"{prog}: a bug in boombap ({type(error).__name__}); {where}")
    return EXIT_BUG


def _traceback_folder() -> Path:
    from pathlib import Path

    from boombap.config.load import load

    try:
        return load().paths.state or Path()
    except Exception:  # noqa: BLE001 - whatever is wrong with the configuration, it must not hide the bug
        return load(environ={}, folder=Path(os.devnull)).paths.state or Path()
