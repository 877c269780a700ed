"""The six rows of the plan: what Python took as it was, what was promised, and what is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import Compared
    from .results import Results

NOT_MEASURED = "not measured"


class Target(NamedTuple):
    """One row of the plan.

    Attributes:
        before: the plan's figure of Python as it was; empty where it has none.
        limit: what the promise is, as a number in `unit`.
        is_rate: more is better.
    """

    title: str
    before: str
    target: str
    limit: float
    unit: str
    is_rate: bool = False


TARGETS = {
    "db": Target("database diagnostics", "", "200–500 ms", 500.0, "ms"),
    "spotify": Target("Spotify metadata", "100 tracks/s", "1,000 tracks/s", 1_000.0, "tracks/s", is_rate=True),
    "ctx": Target("code search", "1–2 s", "100 ms", 100.0, "ms"),
    "deps": Target("scan of dependencies", "30 s", "3 s", 3_000.0, "ms"),
    "redis": Target("operation of Redis", "", "5–20 ms", 20.0, "ms"),
    "memory": Target("memory of all six (PSS)", "600 MB", "100 MB", 100.0, "MB"),
}


class Row(NamedTuple):
    """A row of the plan with what was measured.

    Attributes:
        measured: the figure with its unit, or `NOT_MEASURED`.
        value: the same as a number; None likewise.
        is_met: the promise holds; None likewise.
    """

    title: str
    before: str
    target: str
    measured: str
    value: float | None
    is_met: bool | None


def rows(results: Results | None) -> list[Row]:
    """Return the six rows of the plan, in its order."""
    return [_row(target, _VALUES[name](results) if results else None) for name, target in TARGETS.items()]


def _row(target: Target, value: float | None) -> Row:
    if value is None:
        return Row(target.title, target.before, target.target, NOT_MEASURED, None, None)
    is_met = value >= target.limit if target.is_rate else value <= target.limit
    return Row(target.title, target.before, target.target, f"{_number(value)} {target.unit}", value, is_met)


def _number(value: float) -> str:
    """Return a number with three figures or so.

    >>> _number(0.0512), _number(84.26), _number(1234.5)
    ('0.051', '84.3', '1,234')
    """
    return f"{value:.3f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _time_of(name: str) -> Callable[[Results], float | None]:
    return lambda results: next((case.native.median_ms for case in results.cases if case.name == name), None)


def rate(case: Compared) -> float:
    """Return native's tracks per second, the start of the command included."""
    return 1000 * case.tracks / case.native.median_ms


def _rate(results: Results) -> float | None:
    return next((rate(case) for case in results.cases if case.tracks), None)


def _operation(results: Results) -> float | None:
    return results.operation.ours_p50_us / 1000 if results.operation else None


def _memory(results: Results) -> float | None:
    # The plan counts in MB of 10^6 bytes, the kernel in KiB.
    return results.memory.peak_mb * 1.048576 if results.memory else None


_VALUES: dict[str, Callable[[Results], float | None]] = {
    "db": _time_of("db"),
    "spotify": _rate,
    "ctx": _time_of("ctx search"),
    "deps": _time_of("deps audit"),
    "redis": _operation,
    "memory": _memory,
}
