"""What is measured, and what came out: a case, the figures of its engines, and the memory of all tools together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

TOOLS = ("db", "spotify", "ctx", "deps", "redis", "metrics")
"""The six tools, in the order of the plan."""

Engine = Literal["classic", "native"]
ENGINES: tuple[Engine, Engine] = ("classic", "native")


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a workload may work, and how large it is to be.

    Attributes:
        folder: an empty one of its own.
        is_quick: small data, to see that everything works.
    """

    folder: Path
    is_quick: bool

    def size(self, full: int, quick: int) -> int:
        """Return one of two sizes."""
        return quick if self.is_quick else full


@dataclass(frozen=True, slots=True)
class Case:
    """One job that both engines do on the same data.

    Attributes:
        tool: one of `TOOLS`.
        name: the command, as a person types it.
        data: on what, in a few words.
        commands: the whole command line of each engine.
        environs: the environment of each engine.
        read: makes an answer that can be compared from what a run wrote to stdout.
        differ: says where two answers differ, classic's first, as far as the engines promise the same.
        prepare: brings the data back to where every run begins.
        tracks: that each run works on, where the rate counts; otherwise 0.
        max_runs: where a run takes long.
        fine: exit codes of a run that did its work.
        note: what a reader must know about the comparison.
        peers: other programs for the same job, by name.
    """

    tool: str
    name: str
    data: str
    commands: Mapping[Engine, Sequence[str]]
    environs: Mapping[Engine, Mapping[str, str]]
    read: Callable[[str], Any]
    differ: Callable[[Any, Any], list[str]]
    prepare: Callable[[], None] | None = None
    tracks: int = 0
    max_runs: int = 1_000
    fine: Collection[int] = (0,)
    note: str = ""
    peers: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taken:
    """What the runs of one program took; times in milliseconds, memory in MiB (the largest of all runs).

    Attributes:
        walls_ms: the time of each run, in their order.
        rss_mb: peak of the resident memory.
        anon_mb: peak of its anonymous part, which a container's limit bounds.
    """

    median_ms: float
    p95_ms: float
    cpu_ms: float
    rss_mb: float
    anon_mb: float
    walls_ms: list[float]


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long classic takes; an end of the interval of 95 % is None where the runs are too few."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Both engines on one case.

    Attributes:
        spread: of native's times, the distance of the quartiles as a share of the median.
        differences: where answers differed, each once; with one, a time means nothing.
        peers: the other programs that are installed.
        failed_peers: those that ended with an error, with the exit code.
    """

    tool: str
    name: str
    data: str
    note: str
    runs: int
    tracks: int
    classic: Taken
    native: Taken
    ratio: Ratio
    spread: float
    differences: list[str]
    peers: dict[str, Taken]
    failed_peers: dict[str, int]


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET after the other over a socket, in microseconds: our client, and redis-py in the same process."""

    ours_p50_us: float
    ours_p99_us: float
    peer_p50_us: float
    peer_p99_us: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Proportional memory (PSS) of all six tools at the moment when their sum was largest, in MiB.

    Attributes:
        resident_mb: the largest sum of those that serve, before others worked beside them.
        peak_mb: the largest sum of all six.
        parts_mb: of each command at that moment.
    """

    resident_mb: float
    peak_mb: float
    parts_mb: dict[str, float]
