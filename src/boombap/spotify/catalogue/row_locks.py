"""Rows that a person corrects: all of them in one transaction, and none that a batch works on."""

from __future__ import annotations

from contextlib import contextmanager

from boombap.errors import NotFound, RetryLater
from boombap.spotify.catalogue import schema
from boombap.spotify.queries.load import query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.clients.postgres.session import Session

_NOBODY = 0
_MOST_NAMED = 10


class _UndoError(Exception):
    """Ends the transaction of a dry run."""


@contextmanager
def locked(session: Session, keys: Sequence[int], *, is_dry: bool) -> Iterator[None]:
    """Make the block one transaction over rows of `tracks` that no batch can lease meanwhile; a dry run is undone.

    Args:
        session: with the tables of the processor.

    Raises:
        NotFound: some rows do not exist; nothing is changed.
        RetryLater: running batches work on some rows; nothing is changed.
    """
    try:
        with session.transaction():
            _lock(session, keys)
            yield
            _end(is_dry=is_dry)
    except _UndoError:
        return


def has_quarantine(session: Session) -> bool:
    """Tell whether the table is there in which metadata is kept that was taken out of rows."""
    return bool(session.write(query("has_quarantine"))[0]["has_quarantine"])


def _end(*, is_dry: bool) -> None:
    if is_dry:
        raise _UndoError


def _lock(session: Session, keys: Sequence[int]) -> None:
    ids = {"ids": list(keys)}
    unknown = set(keys) - {row["id"] for row in session.write(query("lock_rows"), ids)}
    if unknown:
        raise NotFound(f"tracks has no {named(sorted(unknown))} at {session.target.label}", hint="nothing was changed")
    session.write(query("end_leases"), {"holder": _NOBODY, "space": schema.LOCK_SPACE})
    leased = [row["track_id"] for row in session.write(query("leased"), ids)]
    if leased:
        raise RetryLater(
            f"a running batch works on {named(leased)}; nothing was changed", hint="try again when it is done"
        )


def named(keys: Sequence[int]) -> str:
    """Return rows as a sentence names them.

    >>> named([7]), named([7, 9])
    ('row 7', 'rows 7, 9')
    """
    shown = ", ".join(map(str, keys[:_MOST_NAMED]))
    more = f" and {len(keys) - _MOST_NAMED:,} more" if len(keys) > _MOST_NAMED else ""
    return f"row{'s' if len(keys) > 1 else ''} {shown}{more}"
