"""Who changed which keys where: one JSON line when a change begins, and one when it ends, however it ends.

The file is for its owner only (0600). A change that was killed has no second line.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
from contextlib import contextmanager

from boombap.errors import BoombapError, ExternalError
from boombap.private import make_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from boombap.redis.model import Done

_FILE = "changes.jsonl"


@contextmanager
def logged(
    folder: Path, action: str, server: str, details: Mapping[str, object], *, now: Callable[[], float] = time.time
) -> Iterator[Callable[[Done], None]]:
    """Write that a change begins, run it, and write how it ended; it gives what takes in the result.

    Args:
        folder: where the file is, which is made when it is not there.
        server: the address, without a password.
        details: what else was asked for; bytes are written as text with escapes.
        now: seconds since 1970.

    Raises:
        ExternalError: when the file cannot be written; nothing was changed then.
    """
    change = f"{os.getpid()}-{now():.3f}"
    asked = {name: _plain(value) for name, value in details.items()}
    result: dict[str, object] = {}

    def take(done: Done) -> None:
        result.update(
            seen=done.seen, changed=done.changed, skipped=done.skipped, failed=len(done.failed), left=done.left
        )

    entry = {"change": change, "action": action, "server": server}
    _append(folder, {"at": _stamp(now()), "event": "begin", **entry, **_who(), **asked})
    outcome = "done"
    try:
        yield take
    except BoombapError as error:
        outcome = f"{type(error).__name__}: {error}"
        raise
    except BaseException as error:
        outcome = type(error).__name__
        raise
    finally:
        _append(folder, {"at": _stamp(now()), "event": "end", **entry, "outcome": outcome, **result})


def _append(folder: Path, entry: dict[str, object]) -> None:
    path = folder / _FILE
    try:
        make_folder(folder)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            # One write: lines of two processes do not mix.
            os.write(descriptor, (json.dumps(entry, ensure_ascii=False) + "\n").encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ExternalError(
            f"cannot write the log of changes to {path}: {error.strerror}", hint="free space there, or set paths.state"
        ) from None


def _who() -> dict[str, object]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return {"user": user, "host": socket.gethostname(), "pid": os.getpid()}


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value if isinstance(value, str | int | float | bool | None) else str(value)
