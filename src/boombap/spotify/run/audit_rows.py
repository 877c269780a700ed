"""The answers that an audit judges, of both tables, and how wrong ones are taken out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from boombap.spotify.catalogue.legacy_json import Unreadable, read_legacy
from boombap.spotify.matching.audit import AuditRow, Source, stored_id
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.clients.postgres.session import Row, Session
    from boombap.spotify.matching.audit import Audited
    from boombap.spotify.model import Track
    from boombap.spotify.run.verification import Verification

# Some 2 kB a row, in the driver and as text.
_CHUNK = 500


def read_answers(session: Session) -> Iterator[list[AuditRow]]:
    """Yield all answers, chunk by chunk, with what Spotify itself said about their ids."""
    yield from _read(session, "audit_rows")
    yield from _read(session, "audit_matches")


def read_bare(session: Session, *, has_matches: bool) -> Iterator[list[AuditRow]]:
    """Yield all answers, chunk by chunk, those of `tracks` without what Spotify said; for statistics.

    Args:
        has_matches: the tables of the processor are there.
    """
    yield from _read(session, "audit_rows_bare")
    if has_matches:
        yield from _read(session, "audit_matches")


def with_answers(row: AuditRow, verification: Verification) -> AuditRow:
    """Return a row with what Spotify says now about its track, where it was asked."""
    id_ = stored_id(row)
    if id_ in verification.unknown:
        return row._replace(is_unknown=True, stored=row.stored or _stored({"id": id_, "track_id": id_}))
    track = verification.tracks.get(id_ or "")
    if track is None:
        return row
    artists = [{"id": artist.id, "name": artist.name} for artist in track.artists]
    answer = {"id": id_, "track_id": id_, "name": track.name, "artists": artists, "duration_ms": track.duration_ms}
    return row._replace(known=track, stored=row.stored or _stored(answer))


def _stored(answer: Mapping[str, object]) -> str:
    return orjson.dumps(answer).decode()


def take_out(session: Session, wrong: Sequence[Audited]) -> int:
    """Move wrong answers to the quarantine, and return how many were still as they were judged."""
    data = [audited for audited in wrong if audited.row.source is Source.DATA]
    matches = [audited for audited in wrong if audited.row.source is Source.MATCHES]
    with session.transaction():
        taken = len(session.write(query("audit_quarantine"), _values(data))) if data else 0
        if matches:
            ids = {"spotify_ids": [audited.row.matched_id for audited in matches]}
            taken += len(session.write(query("audit_unmatch"), _values(matches) | ids))
    return taken


def _values(wrong: Sequence[Audited]) -> dict[str, object]:
    return {
        "track_ids": [audited.row.key for audited in wrong],
        "stored": [audited.row.stored for audited in wrong],
        "verdicts": [audited.verdict.value for audited in wrong],
        "reasons": [",".join(audited.reasons) for audited in wrong],
    }


def _read(session: Session, name: str) -> Iterator[list[AuditRow]]:
    after = 0
    while rows := session.read(query(name), {"after": after, "most": _CHUNK}):
        after = rows[-1]["id"]
        yield [_row(row) for row in rows]


def _row(row: Row) -> AuditRow:
    return AuditRow(
        row["id"],
        row["artist"] or "",
        row["title"] or "",
        row["stored"],
        _known(row.get("known")),
        is_chosen=row["is_chosen"],
        matched_id=row.get("spotify_id"),
    )


def _known(text: str | None) -> Track | None:
    legacy = read_legacy(text) if text else None
    return None if legacy is None or isinstance(legacy, Unreadable) else legacy.track
