"""The action `licences`: what is known about the licences of packages, and whether the policy allows them."""

from __future__ import annotations

from boombap.command.emit import answer
from boombap.deps import environment
from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK
from boombap.output import table
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.command.context import RunContext
    from boombap.deps.licences.model import LicenceReport, PackageLicence

SCHEMA = "boombap.deps.licences/1"


def show_licences(context: RunContext) -> int:
    """Show the licences and return the exit code: 4 when one is unknown, 1 when one is denied.

    Raises:
        ConfigError: for a list of the policy that holds something other than SPDX expressions.
    """
    from boombap.deps.licences.expressions import rules
    from boombap.deps.licences.find import find_licences

    policy = environment.policy(context, context.args.environment)
    held = rules(policy.licences_allow, policy.licences_deny)
    report = find_licences(environment.read_asked(context, policy.exclude), held)
    answer(context, lambda: _lines(report), lambda: _to_object(report))
    if report.count("unknown") or not report.packages or report.lacks_more_than(policy.max_unaudited):
        return EXIT_NO_VERDICT
    return EXIT_FINDINGS if report.count("denied") and policy.is_enforced else EXIT_OK


def _lines(report: LicenceReport) -> Iterator[str]:
    if report.packages:
        head = ("answer", "package", "version", "licence", "from", "place", "reason")
        yield from table.lines(head, list(map(_row, report.packages)))
        yield ""
    for skipped in report.skipped:
        yield printable(f"not looked at: {skipped.what} ({skipped.file}): {skipped.reason}")
    counts = ", ".join(f"{report.count(state):,} {state}" for state in ("allowed", "denied", "unknown"))
    left = f"; {len(report.skipped):,} could not be looked at" if report.skipped else ""
    total = len(report.packages)
    yield f"{total:,} package{'s' * (total != 1)}: {counts}{left}"


def _row(package: PackageLicence) -> tuple[str, ...]:
    one, stated = package.dependency, package.stated
    place = f"{one.file}:{one.line}" if one.line else one.file
    licence = stated.expression or stated.text or "–"
    return (package.answer, one.name, one.version, licence, stated.origin or "–", place, package.reason)


def _to_object(report: LicenceReport) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "packages": [_package(package) for package in report.packages],
        "skipped": report.skipped,
    }


def _package(package: PackageLicence) -> dict[str, object]:
    one, stated = package.dependency, package.stated
    return {
        "ecosystem": one.ecosystem,
        "name": one.name,
        "version": one.version,
        "scope": one.scope,
        "file": one.file,
        "line": one.line,
        "expression": stated.expression or None,
        "text": stated.text,
        "origin": stated.origin,
        "answer": package.answer,
        "reason": package.reason,
    }
