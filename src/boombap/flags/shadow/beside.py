"""Runs native beside classic, whose answer is served after it, and keeps what they differ in.

The run only loses time by it: an error of native, a disk that is full, a process that cannot be started are notes.
"""

from __future__ import annotations

import os
import random
import time

from boombap.errors import Interrupted
from boombap.flags.shadow import journal
from boombap.flags.shadow.difference import as_json, fields_but
from boombap.flags.shadow.process import run_apart
from boombap.log import redact
from boombap.record import Record
from boombap.telemetry.catalogue import FLAG_COMPARISONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any, TypeVar

    from boombap.command.context import RunContext
    from boombap.flags.model import Evaluation, Shadow
    from boombap.flags.shadow.difference import Differ
    from boombap.flags.shadow.journal import Result
    from boombap.flags.shadow.process import Ended

    Answer = TypeVar("Answer")

_SCHEMA = "boombap.flags.difference/1"


class Served(Record):
    """What classic answered.

    Attributes:
        answer: that was served.
        took_s: in seconds.
    """

    answer: object
    took_s: float


class _Judged(Record):
    """What a comparison says.

    Attributes:
        result: of the comparison.
        differences: what differs, for a person; the error where native failed.
    """

    result: Result
    differences: tuple[str, ...]


def is_sampled(shadow: Shadow) -> bool:
    """Tell whether this run is one of those in which both engines work."""
    return random.random() * 100 < shadow.percent  # noqa: S311 - a sample, not a secret


def compare(
    context: RunContext,
    evaluation: Evaluation,
    served: Served,
    native: Callable[[], Answer],
    differ: Differ[Answer] | None,
) -> None:
    """Run native, and keep how its answer compares with the one that was served.

    Args:
        context: of the run.
        evaluation: of a flag that has a shadow.
        served: by classic.
        native: computes the answer; it opens what it needs itself.
        differ: names what differs; None compares every field but the engine's name.

    Raises:
        Interrupted: when the run is to end.
    """
    assert evaluation.shadow, "only then are both to run"
    if not hasattr(os, "fork"):
        context.terminal.note(f"{evaluation.flag}: this system cannot run native beside classic")
        return
    try:
        ended = run_apart(native, evaluation.shadow.deadline_s, context.interrupt)
        _keep(context, evaluation, served, ended, _judged(served, ended, differ or fields_but("engine")))
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - the answer must be served, whatever the comparison meets
        context.terminal.note(f"{evaluation.flag}: the comparison of both engines is lost: {_reason(error)}")


def _reason(error: Exception) -> str:
    return redact(getattr(error, "strerror", None) or f"{type(error).__name__}: {error}")


def _judged(served: Served, ended: Ended | None, differ: Differ[Any]) -> _Judged:
    if ended is None:
        return _Judged("late", ())
    if ended.error:
        return _Judged("failed", (f"native failed: {ended.error.strip().splitlines()[-1]}",))
    try:
        differences = tuple(differ(served.answer, ended.answer))
    except Exception as error:  # noqa: BLE001 - what could not be compared is not equal, and must be counted
        return _Judged("failed", (f"the answers could not be compared: {_reason(error)}",))
    return _Judged("different" if differences else "equal", differences)


def _keep(context: RunContext, evaluation: Evaluation, served: Served, ended: Ended | None, judged: _Judged) -> None:
    flag, now_s, state = evaluation.flag, time.time(), context.config.paths.state
    assert state is not None, "config.load fills it in"
    context.meter.add(FLAG_COMPARISONS, flag=flag, result=judged.result)
    name = ""
    if judged.differences and ended:
        content = _content(evaluation, served, ended, judged)
        name, place = _file(state, flag, {**content, "at": journal.stamp(now_s)})
        context.terminal.note(f"{flag}: {judged.differences[0]}; {place}")
    native_s = round(ended.took_s, 6) if ended else None
    row = journal.Comparison(round(now_s, 3), evaluation.key, judged.result, round(served.took_s, 6), native_s, name)
    journal.add(state, flag, row)


def _file(state: Path, flag: str, content: Mapping[str, object]) -> tuple[str, str]:
    """Return the name of the file with both answers, and a phrase for a person; without a file the row still counts."""
    try:
        name = journal.keep(state, flag, content)
    except OSError as error:
        return "", f"both answers are lost: {_reason(error)}"
    return name, f"both answers are in {journal.folder_of(state, flag) / name}"


def _content(evaluation: Evaluation, served: Served, ended: Ended, judged: _Judged) -> Mapping[str, object]:
    return {
        "schema": _SCHEMA,
        "flag": evaluation.flag,
        "key": evaluation.key,
        "differences": judged.differences,
        "error": ended.error or None,
        "classic_s": round(served.took_s, 6),
        "native_s": round(ended.took_s, 6),
        "classic": as_json(served.answer),
        "native": as_json(ended.answer),
    }
