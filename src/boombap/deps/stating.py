"""The action `vex`: an audit, and what is decided about each finding, to a VEX document."""

from __future__ import annotations

from boombap.deps import environment
from boombap.errors import EXIT_FINDINGS, EXIT_OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.command.context import RunContext
    from boombap.deps.model import Report


def write_vex(context: RunContext, judged: Callable[[], Report]) -> int:
    """Write the document and return the exit code; without a finding nothing is written.

    Args:
        context: of the run.
        judged: audits and judges.

    Raises:
        UsageError: when nobody is named as the author.
    """
    from boombap.deps.gate.verdict import exit_code
    from boombap.deps.report import forms
    from boombap.deps.report.vex_statements import statements
    from boombap.output.destination import destination

    author = environment.author(context)
    report = judged()
    stated = list(statements(report, environment.vex(context)))
    for gap in report.verdict.gaps:
        context.terminal.note(gap.summary)
    if stated:
        with destination(context.args.output, context.terminal) as terminal:
            terminal.write("\n".join(forms.vex_lines(report, context.args.format, stated, author)))
    else:
        context.terminal.note("no finding to state anything about, so no document is written")
    environment.refresh(context, report.audit.coverage.sources)
    code = exit_code(report.verdict)
    if not stated:
        return code or EXIT_FINDINGS
    # A document is made to be read; only where nothing could be judged does it fail.
    return EXIT_OK if code == EXIT_FINDINGS else code
