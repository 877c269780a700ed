"""Checks every stored match and quarantines the wrong ones: rows to `matching.audit`, verdicts back to the tables."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.matching.audit import QUARANTINED, Audited, Verdict, gather_statistics, judge_all
from boombap.spotify.run.audit_rows import read_answers, read_bare, take_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.session import Session
    from boombap.command.context import RunContext
    from boombap.spotify.matching.audit import AuditRow


class Audit(NamedTuple):
    """What an audit came to.

    Attributes:
        rows: with an answer, in `tracks` or in `spotify_matches`.
        wrong: the first of those that are quarantined.
        quarantined: answers that were taken out.
    """

    rows: int
    verdicts: dict[Verdict, int]
    reasons: dict[str, int]
    wrong: tuple[Audited, ...]
    quarantined: int

    @property
    def bad(self) -> int:
        """Return the rows that are, or should be, taken out."""
        return sum(count for verdict, count in self.verdicts.items() if verdict in QUARANTINED)

    @property
    def unstored(self) -> int:
        """Return the matches that could not be judged, because no table has their track."""
        return self.verdicts.get(Verdict.UNSTORED, 0)


def run(context: RunContext, *, apply: bool, limit: int) -> Audit:
    """Judge every stored answer without a request.

    Args:
        apply: take out what is wrong, so that the next batch looks it up again; it is kept in `spotify_quarantine`.
        limit: of the wrong rows that are listed.
    """
    verdicts, reasons = Counter[Verdict](), Counter[str]()
    wrong: list[Audited] = []
    quarantined = 0
    with closing(environment.session(context)) as session:
        if apply:
            schema.prepare(session, "audit")
            schema.prepare_quarantine(session, "audit")
        for judged in _judge(context, session):
            verdicts.update(audited.verdict for audited in judged)
            bad = [audited for audited in judged if audited.verdict in QUARANTINED]
            reasons.update(audited.reasons[0] for audited in bad)
            wrong += bad[: limit - len(wrong)]
            if apply and bad:
                quarantined += take_out(session, bad)
    return Audit(verdicts.total(), dict(verdicts), dict(reasons), tuple(wrong), quarantined)


def _judge(context: RunContext, session: Session) -> Iterator[list[Audited]]:
    """Yield the verdicts, chunk by chunk."""
    is_installed = schema.is_installed(session)

    def read() -> Iterator[AuditRow]:
        for chunk in read_bare(session, has_matches=is_installed):
            context.interrupt.check()
            yield from chunk

    statistics = gather_statistics(read)
    for chunk in read_answers(session) if is_installed else read_bare(session, has_matches=False):
        context.interrupt.check()
        yield list(judge_all(chunk, statistics))
