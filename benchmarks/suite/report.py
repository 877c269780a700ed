"""The results as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .targets import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Compared, Ratio
    from .results import Results

_COLUMNS = ("p95", "CPU ms", "RSS MiB", "RssAnon")


def text(results: Results) -> str:
    """Return all that was measured, and what a reader must know about it."""
    return "\n".join(_lines(results))


def _lines(results: Results) -> Iterator[str]:
    origin = results.origin
    yield f"machine  {origin.machine}, load {origin.load:.1f} before the first run"
    for case in results.cases:
        yield from _case_lines(case)
    if operation := results.operation:
        yield f"\nRedis GET  p50 {operation.ours_p50_us} us, p99 {operation.ours_p99_us} us"
        yield f"redis-py   p50 {operation.peer_p50_us} us, p99 {operation.peer_p99_us} us"
    if memory := results.memory:
        parts = ", ".join(f"{name} {size_mb}" for name, size_mb in memory.parts_mb.items())
        yield f"\nmemory     {memory.resident_mb} MiB (PSS) serve, {memory.peak_mb} MiB at the peak: {parts}"
    yield f"\n{'the plan':<42}{'before':>18}{'target':>18}{'measured':>18}"
    for row in rows(results):
        yield f"{row.title:<42}{row.before:>18}{row.target:>18}{row.measured:>18}"
    yield from (f"noisy    {reason}" for reason in results.noise)
    yield from (f"WRONG    {difference}" for difference in results.wrong)


def _case_lines(case: Compared) -> Iterator[str]:
    yield f"\n{case.name}: {case.data}, {case.runs} runs of each in turn"
    rate_column = ["tracks/s"] if case.tracks else []
    yield f"{'':<30}{'median ms':>10}" + "".join(f"{column:>10}" for column in (*_COLUMNS, *rate_column))
    for name, taken in {"classic": case.classic, "native": case.native, **case.peers}.items():
        rate = f"{1000 * case.tracks / taken.median_ms:>10,.0f}" if case.tracks else ""
        yield (
            f"{name:<30}{taken.median_ms:>10.1f}{taken.p95_ms:>10.1f}{taken.cpu_ms:>10.1f}{taken.rss_mb:>10.1f}"
            f"{taken.anon_mb:>10.1f}{rate}"
        )
    yield from (f"{name} was not measured: exit code {code}" for name, code in case.failed_peers.items())
    yield f"classic takes {interval(case.ratio)}; answers {'DIFFER' if case.differences else 'equal'}"
    if case.note:
        yield f"note: {case.note}"


def interval(ratio: Ratio) -> str:
    """Return a ratio with its interval; an end that the runs are too few for is a question mark.

    >>> from .model import Ratio
    >>> interval(Ratio(3.04, 2.8, None))
    '3.0 times as long (95 %: 2.8 to ?)'
    """
    low, high = (f"{end:.1f}" if end is not None else "?" for end in (ratio.low, ratio.high))
    return f"{ratio.value:.1f} times as long (95 %: {low} to {high})"
