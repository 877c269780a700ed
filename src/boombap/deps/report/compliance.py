"""Which evidence an audit gives for the controls of two catalogues; whether that suffices is for an assessor to say.

Sources: OWASP Top 10:2025, A03 Software Supply Chain Failures; OWASP SCVS 1.0; NIST SP 800-218 (SSDF 1.1);
NIST SP 800-53 revision 5.
"""

from __future__ import annotations

from boombap.deps.report.phrases import database
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from boombap.deps.model import Report

    Standing = Literal["evidence", "partial", "not assessed"]

CATALOGUES = ("owasp", "nist")
CAVEAT = "This is evidence for an assessor; it judges no organisation."


class Control(Record):
    """One control, and what this audit says about it.

    Attributes:
        id: as its catalogue names it.
        title: in the catalogue's words, shortened.
        standing: evidence, partial, or not assessed.
        evidence: what was seen, with numbers.
        open: what an assessor must get elsewhere; empty when nothing is known to be missing.
    """

    id: str
    title: str
    standing: Standing
    evidence: str
    open: str = ""


def controls(report: Report, catalogue: str) -> tuple[Control, ...]:
    """Return the controls of a catalogue of `CATALOGUES`."""
    return tuple(_owasp(report) if catalogue == "owasp" else _nist(report))


def lines(report: Report, catalogue: str) -> Iterator[str]:
    """Yield the controls as text, with the databases and what was not audited."""
    from boombap.output.terminal import printable

    yield title(report, catalogue)
    for one in controls(report, catalogue):
        yield ""
        yield f"{one.id}  {one.title}"
        yield f"  {one.standing}: {printable(one.evidence)}"
        if one.open:
            yield f"  open: {one.open}"
    yield ""
    yield from map(printable, database_lines(report))
    for skipped in report.audit.coverage.skipped:
        yield printable(f"not audited: {skipped.what} ({skipped.file}): {skipped.reason}")
    for gap in report.audit.coverage.unassessable:
        yield printable(f"not assessable: {gap.what}: {gap.reason}")
    for item in report.audit.excluded:
        yield printable(f"excluded: {item.file}: {item.reason}")
    yield CAVEAT


def title(report: Report, catalogue: str) -> str:
    """Return what the evidence is of, and when it was made."""
    return f"Evidence of one audit for {catalogue.upper()}, {report.made_at}, boombap {report.version}"


def database_lines(report: Report) -> Iterator[str]:
    """Yield the databases with what identifies them."""
    for source in report.audit.coverage.sources:
        yield f"database of {database(source)}, sha256 {source.sha256}"


def _owasp(report: Report) -> Iterator[Control]:
    yield Control("A03:2025", "Software supply chain failures", _standing(report), _found(report), _OPEN_SUPPLY_CHAIN)
    yield Control("SCVS V1", "Inventory", _standing(report), _inventory(report), "components that no manifest names")
    yield Control("SCVS V2", "Software bill of materials", "partial", _BILL, "its signature and distribution")
    yield Control("SCVS V5", "Component analysis", _standing(report), _found(report), "licences and end of life")


def _nist(report: Report) -> Iterator[Control]:
    none: Standing = "not assessed"
    yield Control("PW.4.1", "Acquire well-secured components", "partial", _found(report), "the choice of suppliers")
    yield Control("PW.4.4", "Verify that components stay free of known faults", _standing(report), _found(report))
    yield Control("RV.1.1", "Gather information on vulnerabilities", _standing(report), _databases(report))
    yield Control(
        "RV.1.2", "Review and test code for faults not yet known", none, "this audit knows published ones only"
    )
    yield Control("RV.2.1", "Analyse each vulnerability", "partial", _severities(report), "exposure in this deployment")
    yield Control(
        "RV.2.2", "Plan and carry out responses", "partial", _responses(report), "that the fixes were rolled out"
    )
    yield Control(
        "PS.3.2", "Collect provenance of each release's components", "partial", _BILL, "signatures, build record"
    )
    yield Control(
        "RA-5", "Vulnerability monitoring and scanning", _standing(report), _found(report), "hosts, images, code"
    )
    yield Control("SI-2", "Flaw remediation", "partial", _responses(report), "times from finding to fix")
    yield Control(
        "SR-3", "Supply chain controls and processes", "partial", _policy(report), "processes outside this gate"
    )
    yield Control("SR-4", "Provenance", "partial", _BILL, "who built each component")
    yield Control(
        "CM-8", "System component inventory", _standing(report), _inventory(report), "components outside manifests"
    )


_OPEN_SUPPLY_CHAIN = "build systems, developers' machines and the integrity of what was downloaded"
_BILL = "`boombap deps report --format cyclonedx` gives the components with versions and package URLs"


def _standing(report: Report) -> Standing:
    coverage = report.audit.coverage
    if report.verdict.gaps or not coverage.audited:
        return "not assessed" if not coverage.audited else "partial"
    return "partial" if coverage.skipped or coverage.unassessable or report.audit.excluded else "evidence"


def _inventory(report: Report) -> str:
    coverage = report.audit.coverage
    files = len(report.audit.files)
    return f"{coverage.audited} packages with versions in {files} files; {len(coverage.skipped)} could not be audited"


def _found(report: Report) -> str:
    coverage = report.audit.coverage
    blocking = sum(one.finding is not None for one in report.verdict.violations)
    return (
        f"{coverage.audited} packages held against advisories: {len(report.audit.findings)} findings, "
        f"{blocking} block, "
        f"{coverage.unknown_severity} of unknown severity; {len(coverage.skipped)} not audited"
    )


def _databases(report: Report) -> str:
    return "; ".join(map(database, report.audit.coverage.sources)) or "no database was there"


def _severities(report: Report) -> str:
    counts: dict[str, int] = {}
    for finding in report.audit.findings:
        counts[finding.severity.level] = counts.get(finding.severity.level, 0) + 1
    exploited = sum(bool(finding.kev) for finding in report.audit.findings)
    levels = ", ".join(f"{count} {level}" for level, count in counts.items()) or "no findings"
    return f"{levels}; {exploited} known to be exploited"


def _responses(report: Report) -> str:
    fixable = sum(bool(finding.fixed) for finding in report.audit.findings)
    waived = len(report.verdict.waived)
    return f"{fixable} of {len(report.audit.findings)} findings have a fixed version; {waived} waived until a date"


def _policy(report: Report) -> str:
    mode = "enforces" if report.verdict.is_enforced else "only warns of"
    return f"a policy {mode} {len(report.verdict.violations)} violations; answer: {report.verdict.word}"
