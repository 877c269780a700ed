"""Checks every stored match and quarantines the wrong ones: rows to `matching.audit`, verdicts back to the table."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.legacy_json import Unreadable, read_legacy
from boombap.spotify.matching.audit import QUARANTINED, Audited, AuditRow, Verdict, gather_statistics, judge_all
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.postgres.session import Session
    from boombap.command.context import RunContext
    from boombap.spotify.model import Track

# Some 2 kB a row, in the driver and as text.
_CHUNK = 500


class Audit(NamedTuple):
    """What an audit came to.

    Attributes:
        rows: with a stored answer.
        wrong: the first of those that are quarantined.
        quarantined: rows that were taken out.
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


def run(context: RunContext, *, apply: bool, limit: int) -> Audit:
    """Judge the whole table without a request.

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
        # What Spotify said about the ids is for the judgement only.
        statistics = gather_statistics(
            lambda: (row for chunk in _rows(context, session, "audit_rows_bare") for row in chunk)
        )
        for chunk in _rows(context, session, "audit_rows" if schema.is_installed(session) else "audit_rows_bare"):
            judged = list(judge_all(chunk, statistics))
            verdicts.update(audited.verdict for audited in judged)
            bad = [audited for audited in judged if audited.verdict in QUARANTINED]
            reasons.update(audited.reasons[0] for audited in bad)
            wrong += bad[: limit - len(wrong)]
            if apply and bad:
                quarantined += _take_out(session, bad)
    return Audit(verdicts.total(), dict(verdicts), dict(reasons), tuple(wrong), quarantined)


def _rows(context: RunContext, session: Session, name: str) -> Iterator[list[AuditRow]]:
    after = 0
    while True:
        context.interrupt.check()
        rows = session.read(query(name), {"after": after, "most": _CHUNK})
        if not rows:
            return
        after = rows[-1]["id"]
        yield [
            AuditRow(
                row["id"],
                row["artist"] or "",
                row["title"] or "",
                row["stored"],
                _known(row["known"]),
                is_chosen=row["is_chosen"],
            )
            for row in rows
        ]


def _known(text: str | None) -> Track | None:
    legacy = read_legacy(text) if text else None
    return None if legacy is None or isinstance(legacy, Unreadable) else legacy.track


def _take_out(session: Session, bad: list[Audited]) -> int:
    values = {
        "track_ids": [audited.row.key for audited in bad],
        "stored": [audited.row.stored for audited in bad],
        "verdicts": [audited.verdict.value for audited in bad],
        "reasons": [",".join(audited.reasons) for audited in bad],
    }
    with session.transaction():
        return len(session.write(query("audit_quarantine"), values))
