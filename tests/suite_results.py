"""Results of the suite, made up for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks.suite.model import Compared, Memory, Operation, Ratio, Taken
from benchmarks.suite.results import Origin, Results

ORIGIN = Origin("2026-01-02T03:04:05+00:00", "abc1234", False, False, "a machine", 0.2)


def taken(median_ms: float) -> Taken:
    return Taken(median_ms, 1.2 * median_ms, median_ms, 20.0, 10.0, [median_ms, 1.2 * median_ms])


def case(
    tool: str = "db", name: str = "db", classic_ms: float = 400.0, native_ms: float = 200.0, **more: Any
) -> Compared:
    ratio = Ratio(classic_ms / native_ms, 0.9 * classic_ms / native_ms, None)
    made = Compared(
        tool, name, "data", "", 20, 0, taken(classic_ms), taken(native_ms), ratio, 0.05, [], {}, {},
    )  # fmt: skip
    return replace(made, **more)


def results(*cases: Compared, **changes: Any) -> Results:
    operation, memory = Operation(50.0, 90.0, 80.0, 140.0), Memory(60.0, 90.0, {"metrics serve": 30.0, "db": 20.0})
    made = Results(ORIGIN, list(cases) or [case()], operation, memory)
    return replace(made, **changes)


def all_tools(**changes: Any) -> Results:
    """Return results of every tool, as a whole run has them."""
    return results(
        case("db", "db --quick", 150, 100),
        case("db", "db", 400, 200),
        case("spotify", "spotify batch", 10_000, 500, tracks=1_000),
        case("ctx", "ctx search", 2_000, 80, peers={"ripgrep, lines counted (Rust)": taken(30)}),
        case("deps", "deps audit", 900, 90),
        case("redis", "redis keys", 5_000, 250),
        case("metrics", "metrics collect", 300, 200),
        **changes,
    )
