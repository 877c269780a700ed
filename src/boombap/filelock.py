"""File locks (flock) that the kernel releases when the process ends, also after a crash.

A lock belongs to the open file: it ends when the descriptor is closed. `fcntl` is imported at the first lock, so that
commands without locks also start on a system that lacks it.
"""

from __future__ import annotations

from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_STEP_S = 0.05


def lock(descriptor: int) -> None:
    """Take the lock, waiting while another process holds it.

    Raises:
        ExternalError: on a system without such locks.
        OSError: when the file system refuses locks.
    """
    fcntl = _fcntl()
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def try_lock(descriptor: int) -> bool:
    """Take the lock without waiting; False while another process holds it.

    Raises:
        ExternalError: on a system without such locks.
        OSError: when the file system refuses locks.
    """
    fcntl = _fcntl()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_within(
    descriptor: int, limit_s: float, sleep: Callable[[float], None], *, step_s: float = _STEP_S
) -> float | None:
    """Take the lock and return how many seconds that took, 0 when it was free; None when the limit has passed.

    Args:
        descriptor: the open file.
        limit_s: the longest wait.
        sleep: waits; `Interrupt.sleep` makes the wait end with `Interrupted`.
        step_s: how long it waits before it looks again.

    Raises:
        ExternalError: on a system without such locks.
        OSError: when the file system refuses locks.
    """
    waited_s = 0.0
    while not try_lock(descriptor):
        if waited_s >= limit_s:
            return None
        sleep(step_s)
        waited_s += step_s
    return waited_s


def _fcntl() -> ModuleType:
    try:
        import fcntl
    except ImportError:
        raise ExternalError("this system has no file locks (fcntl)", hint="run the command on Linux") from None
    return fcntl
