"""Takes metadata that an audit or `forget` moved into the quarantine back into its rows."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import UsageError
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.row_locks import has_quarantine, locked, named
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.clients.postgres.session import Row, Session
    from boombap.command.context import RunContext


class Restored(NamedTuple):
    """What went back into one row.

    Attributes:
        spotify_id: of the track that the metadata is about; None where it names none.
        verdict: for which it was taken out: an audit's, or `forgotten` or `replaced`.
        has_replaced: other metadata was in the row, and is in the quarantine now.
    """

    key: int
    spotify_id: str | None
    verdict: str
    reasons: tuple[str, ...]
    has_replaced: bool


def restore(context: RunContext, keys: Sequence[int], *, is_dry: bool) -> list[Restored]:
    """Return what went back; a row that the quarantine does not have is not in it.

    Args:
        keys: ids of `tracks`, each once.
        is_dry: return what would go back.

    Raises:
        NotFound: the tables or some rows do not exist; nothing is changed.
        AccessDenied: the role lacks a right; nothing is changed.
        RetryLater: running batches work on some rows; nothing is changed.
        UsageError: a person chose the track of some rows; nothing is changed.
        ExternalError: PostgreSQL failed.
    """
    rows: list[Row] = []
    with closing(environment.session(context)) as session:
        schema.require_removal(session)
        with locked(session, keys, is_dry=is_dry):
            _refuse_chosen(session, keys)
            if has_quarantine(session):
                rows = session.write(query("restore"), {"ids": list(keys)})
    return [
        Restored(row["id"], row["spotify_id"], row["verdict"], tuple(row["reasons"]), has_replaced=row["has_replaced"])
        for row in rows
    ]


def _refuse_chosen(session: Session, keys: Sequence[int]) -> None:
    chosen = [row["id"] for row in session.write(query("chosen_rows"), {"ids": list(keys)})]
    if chosen:
        raise UsageError(
            f"the track of {named(chosen)} was chosen; nothing was changed", hint="`spotify forget` ends a choice"
        )
