"""What the collector has to say, for a person or a program: each source, and what the runs of commands left."""

from __future__ import annotations

from boombap.metrics.sources import look
from boombap.record import Record
from boombap.telemetry import snapshot
from boombap.telemetry.catalogue import LAST_SUCCESS, RUNS
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from boombap.metrics.sources import Source


class SourceStatus(Record):
    """What one source answered now.

    Attributes:
        figures: how many it gave.
        seconds: how long it took.
        error: one line without secrets; empty when it answered.
    """

    source: str
    figures: int
    seconds: float
    error: str


class ActionStatus(Record):
    """What the runs of one action left.

    Attributes:
        runs: how many there were, however they ended.
        failed: those that did not end with exit code 0.
        last_success_s: Unix time of the end of the last one with exit code 0; None without one.
    """

    command: str
    action: str
    runs: int
    failed: int
    last_success_s: float | None


class Status(Record):
    """The whole answer.

    Attributes:
        unread: names of files of runs that are damaged or cannot be read.
    """

    sources: tuple[SourceStatus, ...]
    actions: tuple[ActionStatus, ...]
    unread: tuple[str, ...]


def read(sources: Iterable[Source], folder: Path, limit_s: float) -> Status:
    """Ask the sources once, and read what runs left.

    Args:
        folder: of the files of runs; one that is missing holds none.
        limit_s: how long sources may take.

    Raises:
        OSError: when the folder cannot be listed.
    """
    asked = tuple(
        SourceStatus(source.name, len(reading.figures), reading.seconds, reading.error)
        for source, reading in look(sources, limit_s)
    )
    actions: list[ActionStatus] = []
    unread = []
    for file in sorted(folder.glob(f"*{snapshot.SUFFIX}")) if folder.exists() else ():
        samples = snapshot.read(file)
        actions += _actions(samples)
        unread += [file.name] * (not samples)
    return Status(asked, tuple(actions), tuple(unread))


def _actions(samples: snapshot.Samples) -> Iterator[ActionStatus]:
    runs: dict[tuple[str, str], list[int]] = {}
    successes: dict[tuple[str, str], float] = {}
    for (name, labels), value in samples.items():
        named = dict(labels)
        key = named.get("command", ""), named.get("action", "")
        if name == RUNS.name:
            counts = runs.setdefault(key, [0, 0])
            counts[named.get("exit_code") != "0"] += int(value)
        elif name == LAST_SUCCESS.name:
            successes[key] = value
    for key, (succeeded, failed) in sorted(runs.items()):
        yield ActionStatus(*key, succeeded + failed, failed, successes.get(key))


def lines(status: Status, now_s: float) -> Iterator[str]:
    """Yield the answer for a person: sources, actions, files that could not be read.

    Args:
        now_s: Unix time.
    """
    from boombap.output import table

    if status.sources:
        rows = [
            (source.source, source.error or "up", source.figures, format_duration(source.seconds))
            for source in status.sources
        ]
        yield from table.lines(("source", "state", "figures", "took"), rows, indent="")
    else:
        yield "no source is configured: see `boombap config show`"
    yield ""
    if status.actions:
        ended = [
            (action.command, action.action, action.runs, action.failed, _since(action.last_success_s, now_s))
            for action in status.actions
        ]
        yield from table.lines(("command", "action", "runs", "failed", "last success"), ended, indent="")
    else:
        yield "no command has left metrics"
    yield from (f"{name} cannot be read; the next run of its command replaces it" for name in status.unread)


def _since(time_s: float | None, now_s: float) -> str:
    return "never" if time_s is None else f"{format_duration(max(0.0, now_s - time_s))} ago"
