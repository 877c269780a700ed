"""The drawings of the results: both engines beside the target, memory beside its limit, the ratio per commit."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING, NamedTuple

from . import svg
from .model import TOOLS
from .targets import TARGETS, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .model import Compared
    from .results import Results

_WIDTH = 760.0
_LEFT = 190.0
_BARS = 330.0
_ROW = 58.0
_MEMORY_LIMIT_MIB = TARGETS["memory"].limit * 1_000_000 / 2**20
# The row of the plan to which a case belongs; the others have no target.
_HEADLINES = {"db": "db", "spotify batch": "spotify", "ctx search": "ctx", "deps audit": "deps"}
_MARKS = {None: "", True: " ✓", False: " ✗"}


class Pair(NamedTuple):
    """What is drawn for one job.

    Attributes:
        classic: time or rate of the plain way, in `unit`.
        ours: of native.
        target: the words of the plan; empty without one.
        limit: the same as a number in `unit`; None likewise.
        times: how many times better native is.
    """

    title: str
    classic: float
    ours: float
    unit: str
    target: str
    limit: float | None
    times: float


def pairs(results: Results) -> list[Pair]:
    """Return every job that both sides did."""
    return [*map(_pair, results.cases), *_operation(results)]


def _pair(case: Compared) -> Pair:
    target = TARGETS.get(_HEADLINES.get(case.name, ""))
    words, limit = (target.target, target.limit) if target else ("", None)
    classic, ours, unit = case.classic.median_ms, case.native.median_ms, "ms"
    if case.tracks:
        classic, ours, unit = 1000 * case.tracks / classic, 1000 * case.tracks / ours, "tracks/s"
    return Pair(case.name, classic, ours, unit, words, limit, case.ratio.value)


def _operation(results: Results) -> Iterator[Pair]:
    if operation := results.operation:
        ours, peer, target = operation.ours_p50_us, operation.peer_p50_us, TARGETS["redis"]
        yield Pair("GET, beside redis-py", peer, ours, "us", target.target, 1000 * target.limit, peer / ours)


def comparison(results: Results) -> str:
    """Draw both sides of each job, each job on a scale of its own that begins at 0."""
    found = pairs(results)
    parts = [part for number, pair in enumerate(found) for part in _bars(pair, _ROW * number)]
    return svg.drawing("Classic and native engine of each tool", _WIDTH, _ROW * len(found), parts)


def _bars(pair: Pair, top: float) -> Iterator[str]:
    longest = max(pair.classic, pair.ours)
    yield svg.text(0, top + 20, pair.title, kind="strong")
    if pair.target:
        yield svg.text(0, top + 37, f"target {pair.target}", kind="soft")
    for side, colour, y in ((pair.classic, "old", top + 8), (pair.ours, "ours", top + 28)):
        width = _BARS * side / longest
        yield svg.bar(_LEFT, y, width, 15, colour)
        yield svg.text(_LEFT + width + 8, y + 12, f"{amount(side)} {pair.unit}")
    if pair.limit and pair.limit <= longest:
        x = _LEFT + _BARS * pair.limit / longest
        yield svg.line([(x, top + 4), (x, top + 47)], "goal", is_dashed=True)
    yield svg.text(_WIDTH, top + 32, f"× {pair.times:.1f}", kind="strong", anchor="end")


def amount(value: float) -> str:
    """Return a number with as many decimals as say something.

    >>> amount(1234.5), amount(84.26)
    ('1,234', '84.3')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def memory(results: Results) -> str:
    """Draw the memory of the six tools at their peak, on top of each other, beside the limit of 100 MB."""
    assert results.memory, "the caller has looked"
    parts_mb, limit = results.memory.parts_mb, _MEMORY_LIMIT_MIB
    scale = (_WIDTH - 20) / max(1.15 * limit, results.memory.peak_mb)
    drawn, x = [], 0.0
    for number, (name, size_mb) in enumerate(parts_mb.items()):
        drawn.append(svg.bar(x, 24, scale * size_mb - 1, 30, f"c{number % svg.COLOURS}"))
        column, row = number % 3, number // 3
        drawn.append(svg.bar(250.0 * column, 72 + 22 * row, 12, 12, f"c{number % svg.COLOURS}"))
        drawn.append(svg.text(250.0 * column + 18, 83 + 22 * row, f"{name} {size_mb:.1f} MiB"))
        x += scale * size_mb
    drawn.append(svg.line([(scale * limit, 16), (scale * limit, 60)], "goal", is_dashed=True))
    drawn.append(svg.text(scale * limit, 12, "100 MB", kind="soft", anchor="middle"))
    return svg.drawing("Memory of all six tools together", _WIDTH, 90 + 22 * ((len(parts_mb) - 1) // 3), drawn)


def trend(runs: Sequence[Results]) -> str:
    """Draw the ratio of each tool's first job per run, the oldest on the left; the scale is logarithmic."""
    series = {tool: _ratios(tool, runs) for tool in TOOLS}
    values = [value for points in series.values() for _, value in points]
    low, high = log10(min([1.0, *values])), log10(1.2 * max([1.0, *values]))
    height = 240.0

    def place(number: int, value: float) -> tuple[float, float]:
        x = 60 + (_WIDTH - 200) * number / max(1, len(runs) - 1)
        return x, height - 30 - (height - 60) * (log10(value) - low) / (high - low or 1)

    (left, ground), (right, _) = place(0, 1.0), place(max(1, len(runs) - 1), 1.0)
    parts = [svg.line([(left, ground), (right, ground)], "rule"), svg.text(left - 12, ground + 4, "× 1", anchor="end")]
    top = max(values, default=1.0)
    parts.append(svg.text(left - 12, place(0, top)[1] + 4, f"× {top:.0f}", kind="soft", anchor="end"))
    ends = dict.fromkeys((0, len(runs) - 1))
    parts += [svg.text(place(end, 1.0)[0], height - 8, runs[end].origin.commit, anchor="middle") for end in ends]
    for number, (tool, points) in enumerate(series.items()):
        colour, places = f"c{number % svg.COLOURS}", [place(*point) for point in points]
        parts += [svg.line(places, colour)] if len(places) > 1 else []
        for (run, value), (x, y) in zip(points, places, strict=True):
            parts.append(svg.dot(x, y, colour, f"{tool}, {runs[run].origin.commit}: × {value:.1f}"))
        parts.append(svg.bar(_WIDTH - 110, 20 + 22.0 * number, 12, 12, colour))
        parts.append(svg.text(_WIDTH - 92, 31 + 22.0 * number, tool))
    return svg.drawing("How many times as long classic takes, per commit", _WIDTH, height, parts)


def _ratios(tool: str, runs: Sequence[Results]) -> list[tuple[int, float]]:
    """Return the number of each run that measured a tool, with the ratio."""
    firsts = (next((case for case in run.cases if case.tool == tool), None) for run in runs)
    return [(number, case.ratio.value) for number, case in enumerate(firsts) if case]


def overview(results: Results | None) -> str:
    """Draw the six rows of the plan as a picture of its own: before, target, measured."""
    found = rows(results)
    head = [("the plan's row", 0.0), ("before", 270.0), ("target", 430.0), ("measured", 590.0)]
    parts = [svg.bar(-1, -1, _WIDTH + 2, 42 + 30 * len(found) + 2, "paper")]
    parts += [svg.text(x + 12, 24, words, kind="soft") for words, x in head]
    for number, row in enumerate(found):
        y = 54 + 30.0 * number
        parts.append(svg.line([(12, y - 20), (_WIDTH - 12, y - 20)], "rule"))
        words = (row.title, row.before or "–", row.target, f"{row.measured}{_MARKS[row.is_met]}")
        kinds = ("", "soft", "soft", "strong")
        parts += [svg.text(x + 12, y, word, kind=kind) for (_, x), word, kind in zip(head, words, kinds, strict=True)]
    title = "The plan's targets and what is measured"
    return svg.drawing(title, _WIDTH, 42 + 30 * len(found), parts, style=svg.STYLE)
