"""The message of a commit: what moves, which advisories go with it, where to read about them, and what stays.

Summaries of advisories are left out: a word such as "closes #1" in a text from outside would act on the repository.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from boombap.deps.report.phrases import severity
from boombap.output.terminal import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.deps.model import Finding
    from boombap.deps.update.model import Change, Held, Step, SteppedPlan

_SUBJECT_CHARACTERS = 72
_SHOWN_ALIASES = 3
_SHOWN_HELD = 20
_ADVISORY = "https://osv.dev/vulnerability/"


def message(step: Step, planned: SteppedPlan, top: Path) -> str:
    """Return the message of one step, which ends with a line end.

    Args:
        step: what is committed.
        planned: the whole update; what stays after it is listed.
        top: the repository; files are named from there.
    """
    return "\n".join((*_lines(step, planned, top), ""))


def _lines(step: Step, planned: SteppedPlan, top: Path) -> Iterator[str]:
    yield _subject(step)
    yield ""
    yield "Fixed:"
    for finding in step.fixed:
        yield f"- {_finding(finding)}"
        yield f"  {_ADVISORY}{quote(finding.id, safe='')}"
    yield ""
    yield "Changed:"
    for change in step.changes:
        yield f"- {_change(change, top)}"
    if planned.whole.held:
        yield ""
        yield "Still open after this branch:"
        yield from (f"- {_held(held, top)}" for held in planned.whole.held[:_SHOWN_HELD])
        if planned.whole.held[_SHOWN_HELD:]:
            yield f"- {len(planned.whole.held) - _SHOWN_HELD} more"
    yield ""
    yield printable(f"Advisories: {'; '.join(planned.databases)}")


def _subject(step: Step) -> str:
    """Return one line of at most 72 characters, about the first change that removes a finding."""
    change = next((one for one in step.changes if one.removes), step.changes[0])
    names = {one.normal for one in step.changes}
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    for text in (f"Update {change.name} from {change.before} to {change.after}{more}", f"Update {change.name}{more}"):
        if len(printable(text)) <= _SUBJECT_CHARACTERS:
            return printable(text)
    return f"Update {len(names)} package{'s' * (len(names) != 1)}"


def _finding(finding: Finding) -> str:
    aliases = f" ({', '.join(finding.aliases[:_SHOWN_ALIASES])})" if finding.aliases else ""
    exploited = ", known to be exploited" if finding.kev else ""
    dependency = finding.dependency
    what = f"{dependency.ecosystem} {dependency.name} {dependency.version}"
    return printable(f"{finding.id}{aliases}, {severity(finding)}{exploited}: {what}")


def _change(change: Change, top: Path) -> str:
    why = "" if change.removes else ", makes way"
    return printable(f"{_file(change.file, top)}: {change.name} from {change.before} to {change.after}{why}")


def _held(held: Held, top: Path) -> str:
    return printable(f"{_file(held.file, top)}: {held.name} {held.version} ({', '.join(held.ids)}): {held.reason}")


def _file(file: str, top: Path) -> str:
    path = Path(file).resolve()
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else file
