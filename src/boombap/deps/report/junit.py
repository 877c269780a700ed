"""The report as JUnit XML: each package a test case, each finding that blocks a failure, what was left out skipped."""

from __future__ import annotations

from boombap.deps.report.phrases import database, remedy, severity, unapplied_vex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Finding, Report


def junit_lines(report: Report) -> Iterator[str]:
    """Yield the document line by line."""
    by_package: dict[tuple[str, str, str], list[tuple[Finding, str, str]]] = {
        (one.ecosystem, one.normal, one.version): [] for one in report.audit.dependencies
    }
    for entry in report.by_status:
        one = entry[0].dependency
        by_package.setdefault((one.ecosystem, one.normal, one.version), []).append(entry)
    cases = [line for package, found in by_package.items() for line in _case(package, found)]
    skipped = report.audit.coverage.skipped
    gaps = report.verdict.gaps
    failed = sum(any(status == "blocks" for _, status, _ in found) for found in by_package.values())
    # An advisory without a comparable version blocks as well, and belongs to no package's case.
    others = [violation for violation in report.verdict.violations if violation.finding is None]
    left_out = [(item.what, item.reason) for item in skipped]
    left_out += [(item.file, f"excluded: {item.reason}") for item in report.audit.excluded]
    left_out += [("VEX", unapplied_vex(product)) for product in report.verdict.unapplied_vex]
    if report.hidden:
        left_out.append(("hidden", f"{report.hidden} findings below {report.floor} are not shown"))
    total = len(by_package) + len(left_out) + len(gaps) + len(others)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    counts = f'tests="{total}" failures="{failed + len(others)}" errors="{len(gaps)}" skipped="{len(left_out)}"'
    yield f'<testsuites><testsuite name="boombap deps" timestamp="{_xml(report.made_at)}" {counts}>'
    yield "<properties>"
    for source in report.audit.coverage.sources:
        yield f'<property name="database" value="{_xml(database(source))}"/>'
    yield "</properties>"
    yield from cases
    for name, reason in left_out:
        yield _notice("skipped", name, "skipped", reason)
    for violation in others:
        yield _notice("policy", violation.rule, "failure", violation.summary)
    for gap in gaps:
        yield _notice("coverage", gap.rule, "error", gap.summary)
    yield "</testsuite></testsuites>"


def _notice(kind: str, name: str, element: str, message: str) -> str:
    return f'<testcase classname="{kind}" name="{_xml(name)}"><{element} message="{_xml(message)}"/></testcase>'


def _case(package: tuple[str, str, str], found: list[tuple[Finding, str, str]]) -> Iterator[str]:
    ecosystem, name, version = package
    head = f'<testcase classname="{_xml(ecosystem)}" name="{_xml(f"{name} {version}")}"'
    blocking = [_sentence(finding) for finding, status, _ in found if status == "blocks"]
    others = [
        f"{_sentence(finding)} ({_status(status, reason)})" for finding, status, reason in found if status != "blocks"
    ]
    if not found:
        yield f"{head}/>"
        return
    yield f"{head}>"
    if blocking:
        yield f'<failure message="{_xml(blocking[0])}">{_xml("; ".join(blocking))}</failure>'
    if others:
        yield f"<system-out>{_xml('; '.join(others))}</system-out>"
    yield "</testcase>"


def _status(status: str, reason: str) -> str:
    return f"{status}: {reason}" if status == "waived" else status


def _sentence(finding: Finding) -> str:
    return f"{finding.id}: {severity(finding)}, {remedy(finding)}"


def _xml(text: str) -> str:
    # XML 1.0 has no control characters at all, escaped or not.
    kept = "".join(c if c.isprintable() or c == " " else "\ufffd" for c in text)
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;")):
        kept = kept.replace(sign, entity)
    return kept
