"""Removes verdicts about rows, from the tables and the cache, so that the next batch asks again."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import ExternalError
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.leases import Phase, Selection, peek
from boombap.spotify.catalogue.row_locks import has_quarantine, locked
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.clients.postgres.session import Session
    from boombap.command.context import RunContext


class Forgotten(NamedTuple):
    """What was removed of one row.

    Attributes:
        outcome: of its verdict; None when it had none.
        spotify_id: of the track that was its match.
        has_metadata: its `spotify_data` came with the verdict, and is in the quarantine now.
        was_refused: a result that PostgreSQL refused was removed.
    """

    key: int
    outcome: str | None
    spotify_id: str | None
    reasons: tuple[str, ...]
    has_metadata: bool
    was_refused: bool

    @property
    def is_empty(self) -> bool:
        """Tell whether there was nothing to remove."""
        return self.outcome is None and not self.was_refused


def forget(context: RunContext, keys: Sequence[int], *, is_dry: bool) -> list[Forgotten]:
    """Remove the verdicts about rows, all or none.

    Args:
        keys: ids of `tracks`, each once.
        is_dry: return what would be removed.

    Raises:
        NotFound: the tables or some rows do not exist; nothing is changed.
        AccessDenied: the role lacks a right; nothing is changed.
        RetryLater: running batches work on some rows; nothing is changed.
        ExternalError: PostgreSQL failed; or Redis still has its copies, which a second run removes.
    """
    with closing(environment.session(context)) as session:
        schema.require_removal(session)
        with locked(session, keys, is_dry=is_dry):
            if not has_quarantine(session):
                session.write(query("audit_schema"))
            rows = session.write(query("forget"), {"ids": list(keys)})
        if not is_dry:
            _uncache(context, session, keys)
    return [
        Forgotten(
            row["id"],
            row["outcome"],
            row["spotify_id"],
            tuple(row["reasons"]),
            has_metadata=row["has_metadata"],
            was_refused=row["was_refused"],
        )
        for row in rows
    ]


def _uncache(context: RunContext, session: Session, keys: Sequence[int]) -> None:
    """Remove the copies in Redis of what the next batch will ask."""
    with environment.redis(context, context.interrupt) as redis:
        if redis is None:
            return
        cache = environment.cache(context, redis)
        try:
            for chunk in peek(session, Selection(asked=tuple(keys), phases=(Phase.ASKED,))):
                cache.forget(chunk)
        except ExternalError as error:
            raise ExternalError(
                f"the results are removed, and their copies in the cache are not: {error}",
                hint="run the command again, or a batch may take them from there",
            ) from error
