"""What the comparisons of a flag found, as a person and as a program read it."""

from __future__ import annotations

from collections import Counter

from boombap.flags.rollouts.statistics import quantile, share
from boombap.flags.shadow.journal import stamp
from boombap.output import table
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from boombap.flags.model import Shadow
    from boombap.flags.rollouts.statistics import Estimate
    from boombap.flags.shadow.journal import Comparison

_SHOWN = 10


class State(Record):
    """The kept comparisons of a flag.

    Attributes:
        flag: its name.
        shadow: which runs are compared now; None where none are.
        compared: runs in which both engines worked.
        equal: of these, those with equal answers.
        different: those with answers that differ.
        failed: those in which native raised an error.
        late: those in which native's time was over.
        different_share: of all, different, failed and late, from 0 to 1, with its interval; None without comparisons.
        classic_p50_s: the median of classic, in seconds; None without comparisons.
        native_p50_s: that of native in the same runs, those without an end left out.
        latest: the latest comparisons with a file, the latest first.
        unreadable: lines of the journal that are not comparisons.
    """

    flag: str
    shadow: Shadow | None
    compared: int
    equal: int
    different: int
    failed: int
    late: int
    different_share: Estimate | None
    classic_p50_s: float | None
    native_p50_s: float | None
    latest: tuple[Comparison, ...]
    unreadable: int


def state(flag: str, shadow: Shadow | None, rows: Sequence[Comparison], unreadable: int) -> State:
    """Return what comparisons say, given the oldest first."""
    count = Counter(row.result for row in rows)
    results = (count["equal"], count["different"], count["failed"], count["late"])
    differing = share(len(rows) - count["equal"], len(rows)) if rows else None
    medians = _median(row.classic_s for row in rows), _median(row.native_s for row in rows if row.native_s)
    latest = tuple(row for row in reversed(rows) if row.file)[:_SHOWN]
    return State(flag, shadow, len(rows), *results, differing, *medians, latest, unreadable)


def lines(state: State, folder: Path) -> Iterator[str]:
    """Yield the counts, and the latest files with both answers."""
    yield _running(state)
    if state.unreadable:
        yield f"{state.unreadable:,} lines of the journal cannot be read"
    if not state.compared or not state.different_share:
        yield "nothing that can be read was compared" if state.unreadable else "nothing was compared yet"
        return
    low, high = (f"{100 * (end or 0):.2g}" for end in (state.different_share.low, state.different_share.high))
    yield (
        f"{state.compared:,} compared: {state.equal:,} equal, {state.different:,} different, {state.failed:,} native "
        f"failed, {state.late:,} native was late; not equal {100 * state.different_share.value:.3g} % ({low}–{high})"
    )
    yield f"median: classic {_ms(state.classic_p50_s)}, native {_ms(state.native_p50_s)}"
    if state.latest:
        yield ""
        cells = [(stamp(row.at_s), row.result, row.key, row.file) for row in state.latest]
        yield from table.lines(("when", "result", "key", "file"), cells, indent="")
        yield f"files with both answers are in {folder}"


def to_object(state: State, folder: Path) -> Mapping[str, object]:
    """Return what `shadow status --format json` prints."""
    latest = [
        {"at": stamp(row.at_s), "result": row.result, "key": row.key, "file": str(folder / row.file)}
        for row in state.latest
    ]
    names = [name for name in State.__match_args__ if name != "latest"]
    head = {"schema": "boombap.flags.shadow/1"}
    return {**head, **{name: getattr(state, name) for name in names}, "latest": latest}


def _running(state: State) -> str:
    if not state.shadow:
        return f"{state.flag} has no shadow now"
    return (
        f"{state.flag}: native runs beside {state.shadow.percent:g} % of classic's runs, "
        f"for {state.shadow.deadline_s:g} s at most"
    )


def _median(values: Iterator[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return quantile(known, 0.5).value if known else None


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{1000 * seconds:.3g} ms"
