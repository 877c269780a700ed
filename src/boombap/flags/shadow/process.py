"""Runs work in a process of its own, which can be ended at any moment and which nothing survives.

A thread cannot be ended, and what it writes, counts or breaks would be the run's own. The forked process has the
memory of the run and none of its outputs; it ends without cleaning up, so that connections of the run stay as they are.
"""

from __future__ import annotations

import copyreg
import os
import pickle
import select
import signal
import time
from contextlib import suppress
from types import MappingProxyType

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from boombap.interrupt import Interrupt

MAX_BYTES = 64 * 1024**2
"""The largest answer, pickled."""

_GRACE_S = 1.0  # the run ends it first; the timer of the process is for a run that was killed
_STEP_S = 0.05
_CHUNK = 1024**2


def _frozen(mapping: dict[object, object]) -> MappingProxyType[object, object]:
    return MappingProxyType(mapping)


copyreg.pickle(MappingProxyType, lambda mapping: (_frozen, (dict(mapping),)))  # records have them as defaults


class Ended(Record):
    """How work ended.

    Attributes:
        answer: what it returned; None where it did not.
        error: why there is no answer; empty where there is one, or where the time was over.
        took_s: in seconds.
    """

    answer: object
    error: str
    took_s: float


def run_apart(work: Callable[[], object], deadline_s: float, interrupt: Interrupt) -> Ended | None:
    """Return how work ended in a forked process; None where its time was over before.

    Args:
        work: opens what it needs itself: a connection of the run would be used by two processes.
        deadline_s: after which it is killed, in seconds.
        interrupt: of the run.

    Raises:
        Interrupted: when the run is to end.
        OSError: when no process can be started.
    """
    started_s = time.monotonic()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _work(work, writing, deadline_s + _GRACE_S)
    os.close(writing)
    try:
        text = _read(reading, started_s + deadline_s, interrupt)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if text is None:
        return None
    try:
        answer, error = pickle.loads(text)  # noqa: S301 - written by our own process
    except (EOFError, pickle.UnpicklingError):
        answer, error = None, "it died without an answer"
    except Exception as broken:  # noqa: BLE001 - an answer that only half of pickle can handle
        answer, error = None, f"its answer cannot be read: {type(broken).__name__}"
    return Ended(answer, error, time.monotonic() - started_s)


def _work(work: Callable[[], object], writing: int, deadline_s: float) -> NoReturn:
    """Do the work in the forked process, and end it; nothing of it reaches the run but what is written to the pipe."""
    with suppress(BaseException):
        _let_go(deadline_s)
        try:
            message = pickle.dumps((work(), ""))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            message = pickle.dumps((None, _described(error)))
        if len(message) > MAX_BYTES:
            message = pickle.dumps((None, f"its answer has more than {MAX_BYTES // 1024**2} MiB"))
        with os.fdopen(writing, "wb", closefd=False) as pipe:
            pipe.write(message)
    os._exit(0)


def _let_go(deadline_s: float) -> None:
    """Take signals and outputs of the run from this process, which ends by itself also where the run was killed."""
    signal.set_wakeup_fd(-1)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(signum, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, deadline_s)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)


def _described(error: Exception) -> str:
    from boombap.errors import BoombapError
    from boombap.log import redact

    if isinstance(error, BoombapError):
        return redact(str(error))
    import traceback

    return redact("".join(traceback.format_exception(error)))


def _read(reading: int, until_s: float, interrupt: Interrupt) -> bytes | None:
    """Return all that comes through the pipe until it is closed; None where that takes too long."""
    chunks: list[bytes] = []
    while True:
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            return None
        interrupt.check()
        if not select.select([reading], [], [], min(left_s, _STEP_S))[0]:
            continue
        chunk = os.read(reading, _CHUNK)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
