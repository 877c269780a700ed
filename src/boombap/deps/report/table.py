"""The report for a person: what to do first, what was not looked at, how old the databases are, and the answer."""

from __future__ import annotations

from boombap.deps.report.phrases import answer, severity, unapplied_vex
from boombap.output import table
from boombap.output.terminal import printable
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.deps.model import Coverage, Finding, Report, Skipped
    from boombap.output.terminal import Style, Terminal

_STYLES: dict[str, Style] = {"pass": "green", "fail": "red", "unknown": "yellow"}
_MOST_SKIPPED = 20
_FIXES = 3
_LEAST_SUMMARY = 24


def lines(report: Report, terminal: Terminal) -> Iterator[str]:
    """Yield the report line by line."""
    yield from _findings(report, terminal)
    yield from _left_out(report.audit.coverage)
    for item in report.audit.excluded:
        yield printable(f"excluded: {item.file}: {item.reason}")
    for lint in report.audit.lints:
        if lint.rule == "unpinned":
            continue  # said above already
        place = f"{lint.file}:{lint.line}" if lint.line else lint.file
        yield printable(f"lint: {lint.rule} {place}: {lint.summary}" + (f"; {lint.remedy}" if lint.remedy else ""))
    yield from _sources(report.audit.coverage)
    for gap in report.verdict.gaps:
        yield printable(f"gap: {gap.summary}")
    yield from _about_findings(report)
    for violation in report.verdict.violations:
        if violation.rule == "expired_waiver":
            yield printable(f"expired waiver: {violation.summary}")
    yield terminal.style(printable(answer(report)), _STYLES[report.verdict.word])


def _about_findings(report: Report) -> Iterator[str]:
    """Yield where packages of findings are imported, who waives findings, and which VEX statements do not apply."""
    for finding in report.audit.findings:
        if finding.usage:
            yield printable(f"usage: {finding.id} on {finding.dependency.name}: {finding.usage.phrase}")
    for finding, status, reason in report.by_status:
        if status == "waived":
            yield printable(f"waived: {finding.id} on {finding.dependency.name}: {reason}")
    for unapplied in report.verdict.unapplied_vex:
        yield printable(unapplied_vex(unapplied))


def _findings(report: Report, terminal: Terminal) -> Iterator[str]:
    head = ("severity", "package", "version", "id", "fixed in", "", "place", "summary")
    rows = [_row(finding, status, reason) for finding, status, reason in report.by_status]
    if not rows:
        return
    taken = sum(max(table.width(str(row[at])) for row in (head, *rows)) + 2 for at in range(len(head) - 1)) + 2
    room = max(_LEAST_SUMMARY, terminal.width - taken)
    yield from table.lines(head, [(*row[:-1], table.shorten(row[-1], room)) for row in rows])
    yield ""


def _row(finding: Finding, status: str, reason: str) -> tuple[str, ...]:
    one = finding.dependency
    place = f"{one.file}:{one.line}" if one.line else one.file
    return (
        severity(finding),
        one.name,
        one.version,
        _id(finding),
        ", ".join(finding.fixed[:_FIXES]) or "–",
        _mark(finding, status, reason),
        place + (f" +{len(finding.also)}" if finding.also else ""),
        finding.summary,
    )


def _id(finding: Finding) -> str:
    cve = next((alias for alias in finding.aliases if alias.startswith("CVE-")), "")
    return f"{finding.id} {cve}" if cve else finding.id


def _mark(finding: Finding, status: str, reason: str) -> str:
    marks = ["exploited"] if finding.kev else []
    if finding.dependency.scope != "runtime":
        marks.append(finding.dependency.scope)
    if status in {"waived", "known"}:
        marks.append(status)
    if reason == "expired_waiver":
        marks.append("waiver expired")
    return ", ".join(marks)


def _left_out(coverage: Coverage) -> Iterator[str]:
    yield from _skipped("not audited", coverage.skipped)
    yield from _skipped("not assessable", coverage.unassessable)


def _skipped(title: str, skipped: Sequence[Skipped]) -> Iterator[str]:
    for one in skipped[:_MOST_SKIPPED]:
        place = f"{one.file}:{one.line}" if one.line else one.file
        advice = f"; {one.pin}" if one.pin else ""
        yield printable(f"{title}: {one.what} ({place}): {one.reason}{advice}")
    if len(skipped) > _MOST_SKIPPED:
        yield f"{title}: {len(skipped) - _MOST_SKIPPED:,} more; --format json lists all"


def _sources(coverage: Coverage) -> Iterator[str]:
    for source in coverage.sources:
        sample = ", made up for a demonstration" if source.is_sample else ""
        broken = f", {source.unreadable} unreadable" if source.unreadable else ""
        newest = source.newest[:10] if source.newest > "0002" else "unknown"
        yield printable(
            f"database: {source.ecosystem}, {source.records:,} records{broken}, newest {newest}{source.exploits}, "
            f"checked {format_duration(source.age_s)} ago{sample}"
        )
