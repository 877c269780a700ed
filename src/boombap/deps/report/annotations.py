"""The report as workflow commands, which code hosts show beside the line that they are about.

A name from outside must not begin a command of its own: line ends, percent signs and, in properties, commas and colons
are written as their code host decodes them.
"""

from __future__ import annotations

from boombap.deps.report.phrases import answer, remedy, severity, unapplied_vex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Report


def annotation_lines(report: Report) -> Iterator[str]:
    """Yield a line for each violation and gap, and the answer."""
    kind = "error" if report.verdict.is_enforced else "warning"
    for violation in report.verdict.violations:
        finding = violation.finding
        if finding is None:
            yield f"::{kind} title={_property(violation.rule)}::{_text(violation.summary)}"
            continue
        one = finding.dependency
        place = f"file={_property(one.file)},line={max(1, one.line)}"
        title = _property(f"{one.name} {one.version}: {finding.id}")
        text = f"{severity(finding)}, {remedy(finding)}. {finding.summary}"
        yield f"::{kind} {place},title={title}::{_text(text)}"
    for gap in report.verdict.gaps:
        yield f"::error title={_property(gap.rule)}::{_text(gap.summary)}"
    for product in report.verdict.unapplied_vex:
        yield f"::warning title=VEX::{_text(unapplied_vex(product))}"
    yield f"::notice title=dependencies::{_text(answer(report))}"


def _text(text: str) -> str:
    kept = "".join(c if c.isprintable() or c in "\r\n" else "\ufffd" for c in text)
    return kept.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
