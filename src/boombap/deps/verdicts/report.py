"""What `deps verdict` shows: a table or a page for a person, one document for machines."""

from __future__ import annotations

import time

from boombap.output import table
from boombap.output.encode import plain
from boombap.output.terminal import printable
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from boombap.deps.verdicts.model import Decision, ImageVerdict

SCHEMA = "boombap.deps.verdict/1"
_SHOWN = 10
_PACKAGE_FIELDS = ("ecosystem", "name", "version", "scope", "file")


class Change(Record):
    """A verdict that a refresh has changed.

    Attributes:
        verdict: as it is now.
        before: the answer until now.
        is_other_policy: whether another policy has judged.
    """

    verdict: ImageVerdict
    before: str
    is_other_policy: bool


class Failure(Record):
    """A row that could not be judged again; its verdict counts until it expires.

    Attributes:
        digest: of the image.
        environment: of the row.
        reason: what went wrong, and what to do.
        exit_code: that it leads to.
    """

    digest: str
    environment: str
    reason: str
    exit_code: int


class Refresh(Record):
    """What a refresh has done.

    Attributes:
        total: rows at its beginning.
        judged: rows that were judged again.
        changes: verdicts that are others now.
        failures: rows that could not be judged.
        unknown: verdicts that had no answer before and have none now.
    """

    total: int = 0
    judged: int = 0
    changes: tuple[Change, ...] = ()
    failures: tuple[Failure, ...] = ()
    unknown: tuple[ImageVerdict, ...] = ()


NOTHING = Refresh()
"""What the other words have done."""


def to_object(
    verdicts: Iterable[ImageVerdict],
    now_s: float,
    refresh: Refresh = NOTHING,
    *,
    has_packages: bool = False,
) -> dict[str, object]:
    """Return the document.

    Args:
        verdicts: in the order of the document.
        now_s: Unix time.
        refresh: what `refresh` has done.
        has_packages: whether the kept packages are part of it.
    """
    return {
        "schema": SCHEMA,
        "verdicts": [verdict_object(verdict, now_s, has_packages=has_packages) for verdict in verdicts],
        "changes": [
            {
                "digest": change.verdict.digest,
                "environment": change.verdict.environment,
                "image": change.verdict.decision.image,
                "before": change.before,
                "after": change.verdict.decision.word,
                "is_other_policy": change.is_other_policy,
            }
            for change in refresh.changes
        ],
        "judged": refresh.judged,
        "failures": [
            {"digest": failure.digest, "environment": failure.environment, "reason": failure.reason}
            for failure in refresh.failures
        ],
        "unknown": [
            {
                "digest": verdict.digest,
                "environment": verdict.environment,
                "image": verdict.decision.image,
                "reasons": verdict.decision.reasons,
            }
            for verdict in refresh.unknown
        ],
    }


def verdict_object(verdict: ImageVerdict, now_s: float, *, has_packages: bool = False) -> Mapping[str, object]:
    """Return one verdict as JSON has it at a time (Unix), with its packages when asked."""
    decision, reading = verdict.decision, verdict.reading
    found: dict[str, object] = {
        "digest": verdict.digest,
        "environment": verdict.environment,
        "image": decision.image,
        "verdict": decision.word,
        "is_enforced": decision.is_enforced,
        "reasons": decision.reasons,
        "findings": [plain(finding) for finding in verdict.findings],
        "audited": verdict.audited,
        "unaudited": len(reading.skipped),
        "policy_sha256": verdict.policy_sha256,
        "data_at": moment(verdict.data_at_s) if verdict.data_at_s else None,
        "judged_at": moment(decision.judged_at_s),
        "expires_at": moment(decision.expires_at_s),
        "validity": decision.validity(now_s),
    }
    if has_packages:
        packages = [{name: getattr(package, name) for name in _PACKAGE_FIELDS} for package in reading.dependencies]
        found |= {"packages": packages, "skipped": [plain(skipped) for skipped in reading.skipped]}
    return found


def list_lines(verdicts: Sequence[ImageVerdict], now_s: float) -> Iterator[str]:
    """Yield one row per verdict."""
    if not verdicts:
        yield "no verdict is recorded"
        return
    head = ("image", "environment", "verdict", "judged", "expires", "digest")
    yield from table.lines(head, [_row(verdict, now_s) for verdict in verdicts])


def _row(verdict: ImageVerdict, now_s: float) -> tuple[str, ...]:
    decision = verdict.decision
    judged, expires = moment(decision.judged_at_s), expiry(decision, now_s)
    return (decision.image, verdict.environment, word(decision), judged, expires, verdict.digest)


def page_lines(verdict: ImageVerdict, now_s: float) -> Iterator[str]:
    """Yield everything about one verdict but the packages."""
    decision = verdict.decision
    where = f" in {verdict.environment}" if verdict.environment else ""
    yield printable(f"{decision.image}@{verdict.digest}{where}: {word(decision)}")
    for reason in decision.reasons:
        yield printable(f"  {reason}")
    if verdict.findings:
        head = ("package", "version", "severity", "advisory", "status")
        rows = [(kept.package, kept.version, kept.severity, kept.id, kept.status) for kept in verdict.findings]
        yield from table.lines(head, rows)
    skipped = verdict.reading.skipped
    for left_out in skipped[:_SHOWN]:
        yield printable(f"  not audited: {left_out.what} ({left_out.file}): {left_out.reason}")
    if len(skipped) > _SHOWN:
        yield f"  not audited: {len(skipped) - _SHOWN:,} more; `boombap deps verdict export` has them all"
    yield f"{verdict.audited:,} packages audited, {len(skipped):,} left out; policy {verdict.policy_sha256[:12]}"
    data = f", data of {moment(verdict.data_at_s)}" if verdict.data_at_s else ""
    yield f"judged {moment(decision.judged_at_s)}{data}, expires {expiry(decision, now_s)}"


def refresh_lines(refresh: Refresh) -> Iterator[str]:
    """Yield each change, what could not be judged, and the numbers."""
    for change in refresh.changes:
        decision = change.verdict.decision
        other = " (by another policy)" if change.is_other_policy else ""
        reason = f": {decision.reasons[0]}" if decision.reasons else ""
        what = f"{decision.image}@{change.verdict.digest}"
        yield printable(f"{what}: {change.before} > {decision.word}{other}{reason}")
    for failure in refresh.failures:
        yield printable(f"{failure.digest} was not judged again: {failure.reason}")
    for verdict in refresh.unknown:
        decision = verdict.decision
        yield printable(f"{decision.image}@{verdict.digest}: still without a verdict: {'; '.join(decision.reasons)}")
    numbers = f"{refresh.judged:,} of {refresh.total:,} verdicts judged again, {len(refresh.changes):,} changed"
    recorded = refresh.total - refresh.judged - len(refresh.failures)
    yield f"{numbers}, {recorded:,} recorded by others meanwhile" if recorded else numbers


def word(decision: Decision) -> str:
    """Return the answer, with a note where the policy only warns."""
    return decision.word if decision.is_enforced or decision.word != "fail" else "fail (warns only)"


def expiry(decision: Decision, now_s: float) -> str:
    """Return when a verdict ends, and why it does not count."""
    notes = {"valid": "", "expired": " (expired)", "future": " (judged in the future)"}
    return moment(decision.expires_at_s) + notes[decision.validity(now_s)]


def moment(at_s: int) -> str:
    """Return a Unix time as RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
