"""The diagnosis as one HTML page that needs nothing else: no script, no other file; names from outside stay text."""

from __future__ import annotations

from html import escape

from boombap.db.fleet import Failure, Passed
from boombap.db.model import Absent, Connections, Diagnosis, Tracks
from boombap.health.finding import Severity
from boombap.health.report import tally
from boombap.output.terminal import printable
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.fleet import Answer
    from boombap.db.model import Analyzer, Health, Table
    from boombap.health.finding import Finding

# One click selects a whole statement. Bars keep their colour on paper, and no finding is torn over two pages.
_STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
article{border-left:.3rem solid #888;margin:1rem 0;padding:.1rem 1rem;break-inside:avoid}
article.critical{border-color:#c00}article.warning{border-color:#c80}article.info{border-color:#08c}
h3{margin:.2rem 0}h3 small{font-weight:400}
pre{background:#8882;overflow-x:auto;padding:.5rem;user-select:all;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #8886;padding:.2rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}td.b{width:40%}
.bar{background:#08c;height:.8rem;min-width:1px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:.2rem 0}dd{margin:0;overflow-wrap:anywhere}
@media print{body{margin:0;max-width:none;font-size:11px}pre{border:1px solid #888}a{color:inherit}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def lines(answers: Sequence[Answer]) -> Iterator[str]:
    """Yield the page of one database or many."""
    name = answers[0].name if len(answers) == 1 else f"{len(answers)} databases"
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_text(name)}: PostgreSQL health</title><style>{_STYLE}</style></head><body>"
    for answer in answers:
        if isinstance(answer, Diagnosis):
            yield from _diagnosis(answer)
        else:
            yield from _unanswered(answer)
    yield "</body></html>"


def _text(value: object) -> str:
    return escape(printable(str(value)))


def _unanswered(answer: Failure | Passed) -> Iterator[str]:
    verb = "failed" if isinstance(answer, Failure) else "skipped"
    yield f"<h1>{_text(answer.name)}</h1><p><strong>{verb}</strong>: {_text(answer.reason)}</p>"


def _diagnosis(found: Diagnosis) -> Iterator[str]:
    server = found.server
    facts = [f"PostgreSQL {server.version.split()[0]}", f"up {format_duration(server.uptime_s)}", found.target]
    facts += [format_size(server.size_bytes)] if server.size_bytes is not None else []
    facts += ["replica"] * server.is_replica + [found.taken_at]
    yield f"<h1>{_text(found.name)}</h1><p>{_text(' · '.join(facts))}</p>"
    if found.health:
        yield from _health(found.health)
    if not found.is_platform:
        yield f"<p>None of the platform's tables is in the search path of {_text(server.user)}.</p>"
    else:
        yield from _tracks(found.tracks)
        yield from _coverage(found.analyzers)
        yield from _sizes(found.tables)
    yield from _connections(found.connections)


def _health(health: Health) -> Iterator[str]:
    waived = f", {len(health.waived)} waived" if health.waived else ""
    yield f"<h2>Health: {_text(tally(health.findings))}{waived}</h2><p>{health.checks} checks answered.</p>"
    for finding in health.findings:
        yield from _finding(finding)
    unanswered = [*(f"waiver expired: {text}" for text in health.expired)]
    unanswered += [f"{'failed' if one.is_failure else 'skipped'}: {one.id} ({one.reason})" for one in health.skipped]
    if unanswered:
        yield f"<details open><summary>Without an answer</summary><ul>{_items(unanswered)}</ul></details>"


def _items(texts: Sequence[str]) -> str:
    return "".join(f"<li>{_text(text)}</li>" for text in texts)


def _finding(finding: Finding) -> Iterator[str]:
    word = Severity(finding.severity).word
    yield f'<article class="{word}"><h3>{word}: {_text(finding.id)} <small>{_text(finding.subject)}</small></h3>'
    yield f"<p>{_text(finding.summary)}</p>"
    if finding.remedy:
        yield f"<pre>{chr(10).join(_text(line) for line in finding.remedy.splitlines())}</pre>"
    known = {name: value for name, value in finding.evidence.items() if value is not None}
    if known:
        pairs = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in known.items())
        yield f"<dl>{pairs}</dl>"
    if finding.link.startswith("https://"):
        yield f'<p><a rel="noreferrer" href="{escape(finding.link)}">{_text(finding.link)}</a></p>'
    yield "</article>"


def _absent(title: str, part: Absent) -> str:
    return f"<h2>{title}</h2><p>{_text(part.reason)}</p>"


def _tracks(tracks: Tracks | Absent | None) -> Iterator[str]:
    if isinstance(tracks, Absent):
        yield _absent("Tracks", tracks)
    elif tracks is not None:
        total = "not known" if tracks.total is None else f"{'about ' * tracks.is_estimate}{tracks.total:,}"
        yield f"<h2>Tracks: {total}</h2>"


def _coverage(analyzers: tuple[Analyzer, ...] | Absent | None) -> Iterator[str]:
    if isinstance(analyzers, Absent):
        yield _absent("Coverage", analyzers)
    elif analyzers:
        rows = [(one.name, f"{one.rows:,}", _percent(one.coverage_pct), one.coverage_pct) for one in analyzers]
        yield from _bars("Coverage of the analyzers", ("analyzer", "results", "coverage"), rows)


def _percent(share: float | None) -> str:
    # Rounded down: 57,717 of 57,718 tracks are not all of them.
    return "–" if share is None else f"{int(share * 10) / 10:.1f} %"


def _sizes(tables: tuple[Table, ...] | Absent | None) -> Iterator[str]:
    if isinstance(tables, Absent):
        yield _absent("Sizes", tables)
        return
    sizes = {one.name: one.heap_bytes + one.index_bytes for one in tables or () if one.exists}
    largest = max(sizes.values(), default=0) or 1
    rows = [
        (one.name, f"{format_size(one.heap_bytes)} + {format_size(one.index_bytes)}", format_size(sizes[one.name]),
         100 * sizes[one.name] / largest)
        for one in tables or () if one.exists
    ]  # fmt: skip
    if rows:
        yield from _bars("Sizes of the tables", ("table", "heap + indexes", "in all"), rows)


def _bars(title: str, head: tuple[str, str, str], rows: Sequence[tuple[str, str, str, float | None]]) -> Iterator[str]:
    named = f'<th>{head[0]}</th><th class="n">{head[1]}</th><th class="n">{head[2]}</th><th></th>'
    yield f"<h2>{title}</h2><table><tr>{named}</tr>"
    for name, first, second, share in rows:
        width = min(100.0, max(0.0, share or 0.0))
        bar = f'<div class="bar" style="width:{width:.1f}%"></div>' if share else ""
        cells = f'<td class="n">{_text(first)}</td><td class="n">{_text(second)}</td><td class="b">{bar}</td>'
        yield f"<tr><td>{_text(name)}</td>{cells}</tr>"
    yield "</table>"


def _connections(connections: Connections | Absent | None) -> Iterator[str]:
    if isinstance(connections, Absent):
        yield _absent("Connections", connections)
    elif connections is not None:
        rows = [
            (state, f"{count:,}", "", 100 * count / connections.limit) for state, count in connections.by_state.items()
        ]
        yield from _bars(f"Connections: {connections.total} of {connections.limit}", ("state", "sessions", ""), rows)
