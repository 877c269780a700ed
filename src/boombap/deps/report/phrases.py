"""Words that every form of report shares: how a finding, its remedy and an answer are said."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.deps.model import Finding, Report, Skipped, Source

_PURL_TYPES = {
    "PyPI": "pypi",
    "npm": "npm",
    "Go": "golang",
    "crates.io": "cargo",
    "RubyGems": "gem",
    "Packagist": "composer",
    "Maven": "maven",
}


def severity(finding: Finding) -> str:
    """Return level and number, for example ``high 7.5``; malware has neither."""
    if finding.kind != "vulnerability":
        return finding.kind
    score = finding.severity.score
    return finding.severity.level if score is None else f"{finding.severity.level} {score:.1f}"


def remedy(finding: Finding) -> str:
    """Return what to do about a finding."""
    if finding.kind == "malicious":
        return "remove it, and treat every secret the machine held as known"
    return f"fixed in {', '.join(finding.fixed)}" if finding.fixed else "no fix is known"


def database(source: Source) -> str:
    """Return what a database is, and how old what it says."""
    sample = ", made up for a demonstration" if source.is_sample else ""
    return f"{source.ecosystem}: {source.records} records, newest {source.newest}{source.exploits}{sample}"


def unapplied_vex(product: Skipped) -> str:
    """Return which product of a VEX document was not compared with the findings, and why."""
    return f"VEX not applied: {product.what} in {product.file}: {product.reason}"


def answer(report: Report) -> str:
    """Return the one sentence that a person reads last; it never says "no vulnerabilities" where nobody could look."""
    coverage, verdict = report.audit.coverage, report.verdict
    packages = f"{coverage.audited:,} package{'s' * (coverage.audited != 1)}"
    left_out = f"; {len(coverage.skipped):,} could not be audited" if coverage.skipped else ""
    if coverage.unassessable:
        left_out += f"; {len(coverage.unassessable):,} advisories cannot be held against a version"
    left_out += excluded(report)
    if verdict.gaps:
        found = f"; {_count(report, packages)}" if report.audit.findings else ""
        return f"no verdict: {verdict.gaps[0].summary}{found}{hidden(report)}{excluded(report)}"
    return f"{_count(report, packages)}{hidden(report)}{left_out}"


def hidden(report: Report) -> str:
    """Return how many findings are not shown, behind a semicolon; empty when all are."""
    return f"; {report.hidden:,} below {report.floor} are not shown" if report.hidden else ""


def excluded(report: Report) -> str:
    """Return how many files a written rule leaves out, behind a semicolon; empty without one."""
    count = len(report.audit.excluded)
    return f"; {count:,} {'files are' if count != 1 else 'file is'} excluded by the policy" if count else ""


def _count(report: Report, packages: str) -> str:
    verdict = report.verdict
    if verdict.violations:
        count, total = len(verdict.violations), len(report.audit.findings)
        if count == total or not total:
            return f"{count:,} finding{'s' * (count != 1)} in {packages}"
        return f"{count:,} of {total:,} findings in {packages} block{'s' * (count == 1)}"
    if report.audit.findings:
        return f"none of {len(report.audit.findings):,} findings in {packages} blocks"
    coverage = report.audit.coverage
    if report.hidden or coverage.unassessable or coverage.skipped or verdict.gaps or report.audit.excluded:
        return f"no findings to show in {packages}"
    return f"no known vulnerabilities in {packages}"


def purl(ecosystem: str, name: str, version: str) -> str:
    """Return the package URL (purl specification); empty for an ecosystem without one here."""
    kind = _PURL_TYPES.get(ecosystem)
    if not kind:
        return ""
    path = "/".join(map(_quoted, name.replace(":", "/", 1).split("/")))
    return f"pkg:{kind}/{path}@{_quoted(version)}"


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
