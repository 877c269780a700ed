"""The actions that end with a verdict: audit, check and report."""

from __future__ import annotations

import time

from boombap.deps import environment
from boombap.errors import EXIT_FINDINGS, EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from boombap.command.context import RunContext
    from boombap.deps.gate.policy import Policy
    from boombap.deps.model import Audit, Reading, Report


def audit(context: RunContext) -> int:
    """List known vulnerabilities from a severity on."""
    from boombap.deps import engines
    from boombap.deps.gate.policy import Policy
    from boombap.deps.report import forms

    args = context.args
    # Everything counts from the floor on, whatever a policy would let pass; how much must be looked at, it says.
    policy = environment.policy(context)
    asked = Policy(
        severity=args.severity or "low",
        scope=("runtime", "optional", "dev"),
        max_db_age_s=policy.max_db_age_s,
        max_unaudited=policy.max_unaudited,
        usage_evidence=policy.usage_evidence,
        exclude=policy.exclude,
    )
    made = judged(context, asked, engines.audited)
    if args.severity:
        made = _from_floor(context, made)
    return _answered(context, made, forms.lines(made, args.format, context.terminal))


def check(context: RunContext) -> int:
    """Judge what was found by the policy."""
    from functools import partial

    from boombap.deps import engines
    from boombap.deps.report import forms

    args = context.args
    if args.projects:
        return _check_projects(context)
    made = judged(context, environment.policy(context, args.environment), partial(engines.audited, is_verdict=True))
    form = "annotations" if args.ci_mode and args.format == "table" else args.format
    return _answered(context, made, forms.lines(made, form, context.terminal))


def _check_projects(context: RunContext) -> int:
    from argparse import Namespace

    from boombap.deps.projects import checking, listing, report
    from boombap.output.destination import destination

    args, policy = context.args, environment.policy(context, context.args.environment)
    listed = listing.read(args.projects)

    def judge(path: str) -> Report:
        own = context.replace(args=Namespace(**{**vars(args), "paths": [path]}))
        return judged(own, policy, environment.audited)

    rows = []
    for row in checking.check_each(listed, judge):
        rows.append(row)
        context.terminal.progress(f"{len(rows):,} of {len(listed):,} projects")
    with destination(args.output, context.terminal) as terminal:
        text = report.to_text(rows) if args.format == "json" else "\n".join(report.lines(rows, context.terminal))
        terminal.write(text)
    return checking.exit_code(rows)


def report(context: RunContext) -> int:
    """Write findings and verdict as a document."""
    from boombap.deps.report import forms

    args = context.args
    made = judged(context, environment.policy(context, args.environment), environment.audited)
    if args.compliance:
        lines = forms.compliance_lines(made, args.compliance, args.format or "table")
    else:
        lines = forms.lines(made, args.format or "json", context.terminal)
    code = _answered(context, made, lines)
    # A report is made to be read; only where nothing could be judged does it fail.
    return EXIT_OK if code == EXIT_FINDINGS else code


def judged(context: RunContext, policy: Policy, audited: Callable[[RunContext, Reading], Audit]) -> Report:
    """Return what an audit of the asked paths found, and the verdict of a policy on it.

    Args:
        context: of the run.
        policy: that judges.
        audited: finds the vulnerabilities of what was read.

    Raises:
        ConfigError: for a waiver, a VEX document or a baseline that is malformed.
        ExternalError: when a path or a database cannot be read.
        NoVerdict: when there is no database.
    """
    from datetime import date

    from boombap import __version__
    from boombap.deps.counts import count_audit
    from boombap.deps.gate.verdict import judge
    from boombap.deps.model import Report

    # What is written by hand comes first: a mistake in it ends the run before the audit.
    waivers, vex = environment.waivers(context), environment.vex(context)
    reading = environment.read_asked(context, policy.exclude)
    found = environment.with_usage(context, audited(context, reading), policy)
    known = environment.known(context) if "baseline" in context.args else frozenset()
    verdict = judge(found, policy, waivers=waivers, known=known, today=date.today() if waivers else None, vex=vex)
    count_audit(context.meter, found, verdict)
    return Report(found, verdict, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), __version__)


def _from_floor(context: RunContext, report: Report) -> Report:
    """Return a report without the findings below --severity; their number stays in it."""
    verdict, hidden = report.verdict.replace(shown=()), len(report.verdict.shown)
    kept = {id(violation.finding) for violation in verdict.violations}
    kept |= {id(finding) for finding in (*verdict.waived, *verdict.known)}
    findings = tuple(finding for finding in report.audit.findings if id(finding) in kept)
    audit = report.audit.replace(findings=findings)
    return report.replace(audit=audit, verdict=verdict, floor=context.args.severity, hidden=hidden)


def _answered(context: RunContext, report: Report, lines: Iterable[str]) -> int:
    from boombap.deps.gate.verdict import exit_code
    from boombap.output.destination import destination

    with destination(context.args.output, context.terminal) as terminal:
        # One write: 950 calls of it take 3 ms.
        terminal.write("\n".join(lines))
    environment.refresh(context, report.audit.coverage.sources)
    return exit_code(report.verdict)
