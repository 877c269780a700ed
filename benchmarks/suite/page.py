"""The page of the benchmark: one HTML file without a script, which asks no other host for anything."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from . import charts, svg
from .report import interval
from .results import trend
from .targets import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .model import Compared
    from .results import Results

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 800px;
  margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
.soft { color: var(--soft); } .bad { color: var(--goal); font-weight: 600; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; }
"""
_COMMAND = "make benchmark-all"


def shown(every: Sequence[Results]) -> Results | None:
    """Return the newest run that counts; where none does, the newest, which the page marks; None without any."""
    candidates = trend(every) or every
    return candidates[-1] if candidates else None


def html(every: Sequence[Results]) -> str:
    """Return the page of all results, the oldest first."""
    body = "\n".join(_body(shown(every), trend(every)))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>boombap: six tools, measured</title>\n<style>{svg.STYLE}{_STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _body(results: Results | None, runs: Sequence[Results]) -> Iterator[str]:
    yield "<h1>Six tools, measured</h1>"
    yield from _origin(results)
    yield "<h2>Targets of the plan</h2>"
    yield _table(("row", "before", "target", "measured", "met"), _target_cells(results))
    if results:
        yield from _comparison(results)
        yield from _memory(results)
    yield "<h2>Trend</h2>"
    yield charts.trend(runs) if runs else "<p>No quiet run of the whole suite is recorded yet.</p>"
    yield "<h2>What changed</h2>"
    yield from _changes(runs)


def _origin(results: Results | None) -> Iterator[str]:
    if not results:
        yield f"<p>No results are recorded yet: <code>{_COMMAND}</code> on a quiet machine writes them.</p>"
        return
    origin = results.origin
    machine = f"{origin.machine}; load {origin.load:.1f} before the first run"
    yield f"<p>Commit {escape(origin.commit)}, {escape(origin.date)}. {escape(machine)}.</p>"
    if results.noise:
        yield f'<p class="bad">Noisy, not part of the trend: {escape("; ".join(results.noise))}.</p>'
    if results.wrong:
        yield f'<p class="bad">Answers of the engines differ: {escape("; ".join(results.wrong))}.</p>'


def _target_cells(results: Results | None) -> Iterator[tuple[str, ...]]:
    words = {None: "–", True: "yes", False: "no"}
    for row in rows(results):
        yield row.title, row.before or "–", row.target, row.measured, words[row.is_met]


def _comparison(results: Results) -> Iterator[str]:
    key = '<span class="key" style="background:var(--{})"></span> {}'
    yield "<h2>Classic and native</h2>"
    yield (
        f"<p>{key.format('old', 'classic, the plain way')} &nbsp; {key.format('ours', 'native')} &nbsp; "
        "the dashed line is the target. Medians of whole commands, the start of Python included.</p>"
    )
    yield charts.comparison(results)
    head = ("command", "data", "classic", "p95, CPU, RSS (RssAnon) of native", "answers")
    yield _table(head, map(_case_cells, results.cases))
    notes = [f"{case.name}: {case.note}" for case in results.cases if case.note]
    notes += [
        f"{case.name}, {name}: exit code {code}" for case in results.cases for name, code in case.failed_peers.items()
    ]
    yield f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>" if notes else ""


def _case_cells(case: Compared) -> tuple[str, ...]:
    native = case.native
    figures = f"{native.p95_ms:.0f} ms, {native.cpu_ms:.0f} ms, {native.rss_mb:.1f} MiB ({native.anon_mb:.1f})"
    peers = "".join(f"; {name} {taken.median_ms:.0f} ms" for name, taken in case.peers.items())
    answers = "DIFFER" if case.differences else "equal"
    return case.name, f"{case.data}; {case.runs} runs", f"{interval(case.ratio)}{peers}", figures, answers


def _memory(results: Results) -> Iterator[str]:
    yield "<h2>Memory of all six together</h2>"
    if not results.memory:
        yield "<p>It was not measured in this run.</p>"
        return
    memory = results.memory
    yield (
        f"<p>Proportional memory (PSS): {memory.resident_mb:.1f} MiB serve at rest, {memory.peak_mb:.1f} MiB at the "
        "peak, with three more at work. The plan: 600 MB before, 100 MB from now on.</p>"
    )
    yield charts.memory(results)


def _changes(runs: Sequence[Results]) -> Iterator[str]:
    """Compare the last two runs of the trend; a change within both intervals is none."""
    if len(runs) < 2:
        yield "<p>Two quiet runs are needed to compare.</p>"
        return
    before, now = runs[-2:]
    known = {(case.name, case.data): case for case in before.cases}
    pairs = [(known[key], case) for case in now.cases if (key := (case.name, case.data)) in known]
    yield f"<p>{escape(before.origin.commit)} to {escape(now.origin.commit)}.</p>"
    yield _table(("command", "before", "now", "change"), (_change_cells(*pair) for pair in pairs))


def _change_cells(before: Compared, now: Compared) -> tuple[str, ...]:
    return now.name, interval(before.ratio), interval(now.ratio), change(before, now)


def change(before: Compared, now: Compared) -> str:
    """Return what became of the ratio: ``better``, ``worse`` or, where the intervals touch, ``within chance``."""
    old, new = before.ratio, now.ratio
    if old.high is not None and new.low is not None and new.low > old.high:
        return "better"
    if old.low is not None and new.high is not None and new.high < old.low:
        return "worse"
    return "within chance"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    def row(tag: str, cells: Sequence[str]) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    return "\n".join(["<table>", row("th", head), *(row("td", cells) for cells in lines), "</table>"])
