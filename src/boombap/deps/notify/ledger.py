"""Which sets of findings were sent to which address, so that none is sent twice.

One file (0600) in `paths.state` holds digests only. It is written after the receiver took the message, in one step,
while a lock keeps other processes from sending: of two that start at once the second one finds the set in it.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress

from boombap.errors import ExternalError, RetryLater
from boombap.filelock import lock_within
from boombap.private import make_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE = "deps-notify.json"
SCHEMA = "boombap.deps.notified/1"
MAX_SETS = 10_000
"""Sets that are kept for each address; 1 MB. The oldest is forgotten first."""
_MAX_BYTES = 64 * 1024 * 1024
# Longer than the attempts for one message may take, twice over: Slack may get it a second time as plain text.
_LOCK_S = 180.0
_PRIVATE = 0o600


class Ledger:
    """What was sent, as the file has it while the lock is held."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sent = _read(path)

    def sent_at(self, address: str, digest: str) -> str:
        """Return when a set was sent to an address (RFC 3339); empty when it was not."""
        return self._sent.get(address, {}).get(digest, "")

    def add(self, address: str, digest: str, sent_at: str) -> None:
        """Record a set, on the disk.

        Raises:
            ExternalError: when the file cannot be written.
        """
        sets = self._sent.setdefault(address, {})
        # The latest is last.
        sets.pop(digest, None)
        sets[digest] = sent_at
        for oldest in list(sets)[:-MAX_SETS]:
            del sets[oldest]
        _write(self._path, {"schema": SCHEMA, "sent": self._sent})


@contextmanager
def ledger(state: Path, sleep: Callable[[float], None]) -> Iterator[Ledger]:
    """Yield the ledger in a folder; no other process has it meanwhile.

    Raises:
        ExternalError: when it cannot be read, or the folder not be written.
        RetryLater: when another process has been sending for three minutes.
    """
    path = state / FILE
    try:
        make_folder(state)
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    except OSError as error:
        what = f"the message was not sent: {state} cannot be written: {error.strerror}"
        raise ExternalError(what, hint="set paths.state to a folder that may be written") from None
    try:
        if lock_within(descriptor, _LOCK_S, sleep) is None:
            raise RetryLater("the message was not sent: another process has been sending one for three minutes")
        yield Ledger(path)
    finally:
        with suppress(OSError):
            os.close(descriptor)


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open("rb") as file:
            sent = json.loads(file.read(_MAX_BYTES))["sent"]
        return {address: {digest: str(sets[digest]) for digest in sets} for address, sets in sent.items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ExternalError(f"the message was not sent: {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        hint = "remove it; what was sent may then be sent once more"
        raise ExternalError(f"the message was not sent: {path} is damaged", hint=hint) from None


def _write(path: Path, content: object) -> None:
    part = path.with_suffix(".part")
    try:
        # What a killed process left would keep its mode.
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE), "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        what = f"the message was sent, but {path} cannot be written: {error.strerror}"
        raise ExternalError(what, hint="a later run sends it again") from None
