"""Who changed which flag when: one JSON line per change, in a file for its owner only (0600)."""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
from contextlib import contextmanager

from boombap.errors import ExternalError
from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_FILE = "changes.jsonl"


class Change(Record):
    """One change of a flag.

    Attributes:
        when: in UTC, as ISO 8601.
        user: who, by the name of the account.
        host: on which machine.
        flag: its name.
        before: the share of native before, from 0 to 100; None where the flag was not set.
        after: the share of native since.
        place: the file, or host and port of the Redis, that holds the flag.
        shadow: the share of classic's runs that native runs beside since, from 0 to 100.
    """

    when: str
    user: str
    host: str
    flag: str
    before: float | None
    after: float
    place: str
    shadow: float = 0.0


def new(flag: str, before: float | None, after: float, place: str, now_s: float, *, shadow: float) -> Change:
    """Return a change that is made now, by the account of this process.

    Args:
        now_s: Unix time.
    """
    return Change(_stamp(now_s), _user(), socket.gethostname(), flag, before, after, place, shadow)


@contextmanager
def opened(state: Path) -> Iterator[Callable[[Change], None]]:
    """Open the log before anything is changed; yield what writes a change into it.

    Raises:
        ExternalError: when the log cannot be written.
    """
    path = state / "flags" / _FILE
    try:
        make_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from None

    def write(change: Change) -> None:
        line = json.dumps({name: getattr(change, name) for name in change.__match_args__}, ensure_ascii=False)
        try:
            # One write: lines of two processes do not mix.
            os.write(descriptor, (line + "\n").encode("utf-8", "backslashreplace"))
            os.fsync(descriptor)
        except OSError as error:
            raise _unwritable(path, error) from None

    try:
        yield write
    finally:
        os.close(descriptor)


def read(state: Path) -> tuple[list[Change], int]:
    """Return all changes, the oldest first, and the number of lines that cannot be read.

    Raises:
        ExternalError: when the file is there and cannot be read.
    """
    path = state / "flags" / _FILE
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise ExternalError(f"cannot read {path}: {error.strerror}") from None
    changes = list(map(_parsed, lines))
    return [change for change in changes if change], changes.count(None)


def _parsed(line: bytes) -> Change | None:
    try:
        change = Change(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    texts = (change.when, change.user, change.host, change.flag, change.place)
    is_whole = all(isinstance(text, str) for text in texts) and isinstance(change.after, int | float)
    is_whole = is_whole and isinstance(change.shadow, int | float)
    return change if is_whole and isinstance(change.before, int | float | None) else None


def _unwritable(path: Path, error: OSError) -> ExternalError:
    hint = "free space there, or set paths.state"
    return ExternalError(f"cannot write the log of changes to {path}: {error.strerror}", hint=hint)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
