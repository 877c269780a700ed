"""What the runs of each engine of a tool took, and whether they failed: one file per flag, for its owner only (0600).

Short commands share no memory, so each adds its outcomes to the file: it reads it, writes a temporary one and renames
it, under a lock. Nobody waits longer than 200 ms for the lock: an outcome that does not get it is lost, and a byte in a
file beside counts it. The state of the flag's breaker (`fallback`) is in it too. Times are those of the wall clock.
"""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import contextmanager
from math import isfinite

from boombap.errors import ExternalError
from boombap.filelock import lock_within
from boombap.flags.model import MAX_OUTCOMES
from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    Edit = Callable[["Outcomes"], "Outcomes"]
    Note = Callable[[str], None]

LOCK_S = 0.2
"""The longest wait for the lock: a process that was stopped keeps it for ever."""

_LOCK_STEP_S = 0.005
_FORMAT = "boombap.outcomes/1"
_MAX_BYTES = 256 * 1024  # 400 outcomes take 20 kB
_FIELDS = 4
_PRIVATE = 0o600
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | getattr(os, "O_NONBLOCK", 0)


class Outcome(Record):
    """How one run of an engine ended.

    Attributes:
        at_s: when, Unix time.
        took_s: how long it took, in seconds.
        is_failure: whether the engine failed; an error of the data or of the arguments is not an outcome.
        work: what was done, ``keys`` for example: times of different work are never compared.
    """

    at_s: float
    took_s: float
    is_failure: bool
    work: str = ""


class BreakerState(Record):
    """What the breaker of a flag remembers between processes.

    Attributes:
        is_open: whether native is switched off.
        since_s: when that changed, Unix time; 0 where it never did.
        reason: why it opened; empty while closed.
        turns: runs that asked while it was half-open.
        counted: native outcomes since it closed; those before do not open it again.
    """

    is_open: bool = False
    since_s: float = 0.0
    reason: str = ""
    turns: int = 0
    counted: int = 0


class Outcomes(Record):
    """All that is kept of one flag.

    Attributes:
        native: outcomes of the native engine, the latest last.
        classic: those of the classic engine.
        lost: outcomes that could not be written, because another process held the lock.
        breaker: the state of the flag's breaker.
    """

    native: tuple[Outcome, ...] = ()
    classic: tuple[Outcome, ...] = ()
    lost: int = 0
    breaker: BreakerState = BreakerState()


def read(state: Path, flag: str, note: Note = lambda _: None) -> Outcomes:
    """Return what is kept of a flag, without waiting for its lock: the file is whole at every moment.

    A file that is torn, or is not one of outcomes, counts as none.

    Args:
        state: the folder of what runs leave.
        flag: its name.
        note: told of a file that cannot be used.
    """
    path = _path(state, flag)
    outcomes = _content(path, note)
    return outcomes.replace(lost=outcomes.lost + _size(_beside(path, "lost")) + _size(_beside(path, "taken")))


def change(
    state: Path,
    flag: str,
    edit: Edit,
    note: Note = lambda _: None,
    *,
    limit_s: float = LOCK_S,
    loses_outcome: bool = True,
) -> bool:
    """Replace what is kept of a flag; return False where that was lost, because of the lock or the disk.

    Args:
        state: the folder of what runs leave.
        flag: its name.
        edit: returns what is to be kept in place of what it is given.
        note: told of a file that cannot be used, or written.
        limit_s: the longest wait for the lock.
        loses_outcome: whether a change that does not get the lock counts as a lost outcome.
    """
    path = _path(state, flag)
    try:
        make_folder(path.parent)
        with _locked(_beside(path, "lock"), limit_s) as is_ours:
            if not is_ours:
                if loses_outcome:
                    _note_loss(_beside(path, "lost"))
                return False
            taken, losses = _taken_losses(path)
            before = _content(path, note)
            _write(path, edit(before.replace(lost=before.lost + losses)))
            taken.unlink(missing_ok=True)
    except (OSError, ExternalError) as error:
        note(f"cannot write {path}: {getattr(error, 'strerror', None) or error}; the fallback of {flag} is off")
        return False
    return True


def added(outcomes: tuple[Outcome, ...], outcome: Outcome) -> tuple[Outcome, ...]:
    """Return outcomes with one more, the oldest left out beyond `MAX_OUTCOMES`."""
    return (*outcomes, outcome)[-MAX_OUTCOMES:]


def by_work(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Return outcomes by what was done."""
    kinds: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        kinds.setdefault(outcome.work, []).append(outcome)
    return kinds


def _path(state: Path, flag: str) -> Path:
    # Not below `flags`: that folder says that a flag was set here.
    return state / "engines" / f"{flag}.json"


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.stem}.{suffix}")


def _content(path: Path, note: Note) -> Outcomes:
    try:
        return _parsed(_text(path))
    except FileNotFoundError:
        return Outcomes()
    except OSError as error:
        reason = error.strerror
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
        reason = "it does not hold outcomes"
    note(f"{path} cannot be used: {reason}; the outcomes of earlier runs are dropped")
    return Outcomes()


def _text(path: Path) -> bytes:
    descriptor = os.open(path, _READ)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(path)
        text = file.read(_MAX_BYTES + 1)
    if len(text) > _MAX_BYTES:
        raise ValueError(path)
    return text


def _parsed(text: bytes) -> Outcomes:
    document = json.loads(text)
    if document["format"] != _FORMAT:
        raise ValueError(document["format"])
    native, classic = (tuple(map(_outcome, document[engine]))[-MAX_OUTCOMES:] for engine in ("native", "classic"))
    return Outcomes(native, classic, _count(document["lost"]), _breaker(document["breaker"]))


def _outcome(row: list[Any]) -> Outcome:
    at_s, took_s, is_failure, work = row if len(row) == _FIELDS else (*row, "")
    if not isinstance(work, str):
        raise TypeError(work)
    return Outcome(_seconds(at_s), _seconds(took_s), _flag(is_failure), work)


def _breaker(fields: dict[str, Any]) -> BreakerState:
    if not isinstance(fields["reason"], str):
        raise TypeError(fields)
    turns, counted = _count(fields["turns"]), _count(fields["counted"])
    return BreakerState(_flag(fields["is_open"]), _seconds(fields["since_s"]), fields["reason"], turns, counted)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise ValueError(value)
    return float(value)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _write(path: Path, outcomes: Outcomes) -> None:
    # One name for all writers, since the lock is held: what a killed one left is overwritten.
    part = _beside(path, "part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(_document(outcomes)))
    part.replace(path)


def _document(outcomes: Outcomes) -> dict[str, Any]:
    rows = {
        engine: [
            [round(row.at_s, 3), round(row.took_s, 6), row.is_failure, row.work] for row in getattr(outcomes, engine)
        ]
        for engine in ("native", "classic")
    }
    breaker = {name: getattr(outcomes.breaker, name) for name in outcomes.breaker.__match_args__}
    return {"format": _FORMAT, **rows, "lost": outcomes.lost, "breaker": breaker}


def _note_loss(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
    try:
        os.write(descriptor, b".")
    finally:
        os.close(descriptor)


def _taken_losses(path: Path) -> tuple[Path, int]:
    """Take the noted losses, those too that a killed process had taken; one that is noted from now on is the next's."""
    lost, taken = _beside(path, "lost"), _beside(path, "taken")
    if not taken.exists():
        try:
            lost.replace(taken)
        except FileNotFoundError:
            return taken, 0
    return taken, _size(taken)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextmanager
def _locked(path: Path, limit_s: float) -> Iterator[bool]:
    """Hold the lock for the block; yield False where another process did not give it up in time."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _PRIVATE)
    try:
        yield lock_within(descriptor, limit_s, time.sleep, step_s=_LOCK_STEP_S) is not None
    finally:
        os.close(descriptor)
