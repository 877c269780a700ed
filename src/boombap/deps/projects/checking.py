"""Checks projects one after the other: one that fails costs only its own answer."""

from __future__ import annotations

import time

from boombap.deps.projects.model import Checked
from boombap.errors import (
    EXIT_EXTERNAL,
    EXIT_FINDINGS,
    EXIT_NO_VERDICT,
    EXIT_OK,
    BoombapError,
    ConfigError,
    Interrupted,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from boombap.deps.model import Report
    from boombap.deps.projects.model import Project, Word


def check_each(projects: Sequence[Project], judged: Callable[[str], Report]) -> Iterator[Checked]:
    """Yield what comes of each project, in their order.

    Args:
        projects: to be checked.
        judged: audits and judges what is below a path.

    Raises:
        Interrupted: when the run is to end.
        ConfigError: for a policy, a waiver or a VEX document that is malformed: it is the same for all.
    """
    for project in projects:
        started_s = time.monotonic()
        try:
            report = judged(project.path)
        except (Interrupted, ConfigError):
            raise
        except BoombapError as error:
            # No database is no verdict; everything else is a project that could not be looked at.
            word: Word = "unknown" if error.exit_code == EXIT_NO_VERDICT else "failed"
            yield Checked(project.name, project.path, word, reason=str(error), took_ms=_since_ms(started_s))
        else:
            yield _checked(project, report, _since_ms(started_s))


def _checked(project: Project, report: Report, took_ms: float) -> Checked:
    verdict, findings = report.verdict, len(report.audit.findings)
    first = next((violation.summary for violation in (*verdict.gaps, *verdict.violations)), "")
    counts = (findings, len(verdict.violations), len(verdict.gaps))
    return Checked(project.name, project.path, verdict.word, *counts, first, took_ms, verdict.is_enforced)


def exit_code(rows: Sequence[Checked]) -> int:
    """Return the strongest of the codes: what could not be checked, then no verdict, then findings."""
    codes = {row.exit_code for row in rows}
    return next((code for code in (EXIT_EXTERNAL, EXIT_NO_VERDICT, EXIT_FINDINGS) if code in codes), EXIT_OK)


def _since_ms(started_s: float) -> float:
    return round(1000 * (time.monotonic() - started_s), 1)
