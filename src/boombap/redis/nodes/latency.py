"""How long answers take: PING from here, commands inside of the server, and what the server noticed itself.

PING is timed one by one over one connection per node. What this machine itself loses is measured apart from it: the
longest time that a loop without any input or output was stopped, and the processor time of a PING on our side.
"""

from __future__ import annotations

import math
import time

from boombap.clients.redis.connection import as_mapping
from boombap.record import Record
from boombap.redis.nodes.asking import Refusals, info_fields, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from boombap.clients.redis.pool import Pool
    from boombap.interrupt import Interrupt
    from boombap.redis.nodes.asking import Denied

_STALL_S = 0.1
_WARM_UP = 5
# A fork that takes this long is felt: nothing is answered meanwhile.
_FORK_US = 100_000
_US = 1_000_000


class Ping(Record):
    """What PING took, in microseconds, as this process saw it.

    Attributes:
        server_us: the mean time that the server worked on a PING; None where it does not say.
    """

    p50_us: float
    p99_us: float
    max_us: float
    server_us: float | None


class CommandLatency(Record):
    """What one command took inside of the server, since its start or CONFIG RESETSTAT.

    Attributes:
        p50_us: at most this, as the server counts in steps that double; None without LATENCY HISTOGRAM.
    """

    name: str
    calls: int
    p50_us: float | None
    p99_us: float | None
    max_us: float | None
    mean_us: float | None


class LatencyEvent(Record):
    """A row of LATENCY LATEST."""

    name: str
    newest_s: int
    latest_ms: int
    max_ms: int


class NodeLatency(Record):
    """The latencies of one node.

    Attributes:
        commands: those with the most time first.
        monitor_threshold_ms: from when on events are kept, 0 for never; None when CONFIG GET may not be asked.
        has_histogram: whether LATENCY HISTOGRAM was answered; without it there are means only.
        hints: what may hold the server up, in words.
    """

    address: str
    ping: Ping
    commands: tuple[CommandLatency, ...]
    events: tuple[LatencyEvent, ...]
    monitor_threshold_ms: int | None
    has_histogram: bool
    hints: tuple[str, ...]


class OwnDelay(Record):
    """What this process loses by itself; it is part of every PING.

    Attributes:
        stall_us: the longest time that it was stopped during a tenth of a second.
        cpu_us: its processor time per PING.
    """

    stall_us: float
    cpu_us: float


class Latency(Record):
    """The latencies of all nodes."""

    samples: int
    client: OwnDelay
    nodes: tuple[NodeLatency, ...]
    denied: tuple[Denied, ...]


def read(pools: Iterable[Pool], samples: int, interrupt: Interrupt) -> Latency:
    """Return what PING and commands take on the nodes."""
    refusals = Refusals()
    nodes = []
    cpu_us = 0.0
    for pool in pools:
        interrupt.check()
        times_us, node_cpu_us = timed_pings(pool, samples)
        cpu_us = max(cpu_us, node_cpu_us)
        nodes.append(_node(pool, times_us, refusals))
    return Latency(samples, OwnDelay(longest_stall_us(), cpu_us), tuple(nodes), refusals.all)


def timed_pings(pool: Pool, samples: int) -> tuple[list[float], float]:
    """Return what each PING took in microseconds, and the mean of our own processor time."""
    times_us = []
    with pool.connection() as connection:
        for _ in range(_WARM_UP):
            connection.call("PING")
        cpu_before_s = time.thread_time()
        for _ in range(samples):
            started_s = time.perf_counter()
            connection.call("PING")
            times_us.append(_US * (time.perf_counter() - started_s))
        cpu_s = time.thread_time() - cpu_before_s
    return sorted(times_us), _US * cpu_s / samples


def longest_stall_us(clock: Callable[[], float] = time.perf_counter, duration_s: float = _STALL_S) -> float:
    """Return the longest time between two looks at the clock, with nothing to wait for.

    >>> longest_stall_us(iter([0.0, 0.01, 0.04, 0.1]).__next__)
    60000.0
    """
    longest_s, end_s = 0.0, 0.0
    before_s = clock()
    end_s = before_s + duration_s
    while before_s < end_s:
        now_s = clock()
        longest_s = max(longest_s, now_s - before_s)
        before_s = now_s
    return round(_US * longest_s, 1)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that a share of all does not exceed.

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0], 0.99)
    (2.0, 2.0)
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _node(pool: Pool, times_us: Sequence[float], refusals: Refusals) -> NodeLatency:
    settings = refusals.ask(pool, "CONFIG GET", "latency-monitor-threshold")
    threshold = next((number(text(value)) for value in as_mapping(settings or []).values()), None)
    info = info_fields(refusals.ask(pool, "INFO", "everything"))
    means = mean_times(info)
    histogram = refusals.ask(pool, "LATENCY HISTOGRAM")
    commands = from_histogram(histogram, means) if histogram else [
        CommandLatency(name, calls, None, None, None, mean_us) for name, (calls, mean_us) in means.items()
    ]  # fmt: skip
    commands.sort(key=lambda command: (-command.calls * (command.mean_us or 0.0), command.name))
    server_us = means["ping"][1] if "ping" in means else None
    return NodeLatency(
        address=pool.target.address,
        ping=Ping(percentile(times_us, 0.5), percentile(times_us, 0.99), times_us[-1], server_us),
        commands=tuple(commands),
        events=tuple(
            LatencyEvent(text(name), newest_s, latest_ms, max_ms)
            for name, newest_s, latest_ms, max_ms, *_ in refusals.ask(pool, "LATENCY LATEST") or ()
        ),
        monitor_threshold_ms=threshold,
        has_histogram=histogram is not None,
        hints=hints(info),
    )


def mean_times(info: dict[str, str]) -> dict[str, tuple[int, float]]:
    """Return the calls of each command, and their mean time in microseconds.

    >>> mean_times({"cmdstat_get": "calls=2,usec=9,usec_per_call=4.50,rejected_calls=0"})
    {'get': (2, 4.5)}
    """
    means = {}
    for name, value in info.items():
        if name.startswith("cmdstat_"):
            parts = dict(part.partition("=")[::2] for part in value.split(","))
            means[name.removeprefix("cmdstat_")] = (int(parts["calls"]), float(parts["usec_per_call"]))
    return means


def from_histogram(reply: Any, means: dict[str, tuple[int, float]]) -> list[CommandLatency]:  # noqa: ANN401 - a reply
    """Return what LATENCY HISTOGRAM says: per command how many calls took at most 1, 2, 4, … microseconds."""
    commands = []
    for raw_name, raw_facts in as_mapping(reply).items():
        name, facts = text(raw_name), as_mapping(raw_facts)
        steps = sorted(as_mapping(facts[b"histogram_usec"]).items())
        if steps:
            p50, p99, longest = (_reached(steps, share) for share in (0.5, 0.99, 1.0))
            mean_us = means[name][1] if name in means else None
            commands.append(CommandLatency(name, facts[b"calls"], p50, p99, longest, mean_us))
    return commands


def _reached(steps: Sequence[tuple[int, int]], share: float) -> float:
    total = steps[-1][1]
    return float(next(limit for limit, count in steps if count >= share * total))


def hints(info: dict[str, str]) -> tuple[str, ...]:
    """Return what may hold a server up by itself, apart from commands."""
    lines = []
    fork_us = number(info.get("latest_fork_usec")) or 0
    if fork_us >= _FORK_US:
        lines.append(
            f"the last fork took {fork_us / 1000:.0f} ms, and nothing was answered meanwhile; it grows with memory"
        )
    delayed = number(info.get("aof_delayed_fsync")) or 0
    if delayed:
        lines.append(f"the disk delayed fsync of the append-only file {delayed:,} times; writes waited for it")
    if info.get("rdb_bgsave_in_progress") == "1" or info.get("aof_rewrite_in_progress") == "1":
        lines.append("it is saving now: pages are copied as they are written")
    if info.get("loading") == "1":
        lines.append("it is loading its data")
    return tuple(lines)
