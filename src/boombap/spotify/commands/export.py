"""The rows of the table with what Spotify says about them, chunk by chunk: the memory does not grow with the table."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.command.context import RunContext

# Some 2 kB a row, in the driver and as text.
_CHUNK = 1_000


class ExportedRow(NamedTuple):
    """A row of `tracks`, and the track that is its match; without a match everything after `outcome` is empty.

    Attributes:
        outcome: of the verdict about the words that the row has now; None without one.
        artists: names as Spotify has them.
        release_date: with the precision that Spotify has: year, year-month or year-month-day.
        audio_features: JSON text of the table's own column; None where it has none.
    """

    id: int
    artist: str | None
    title: str | None
    outcome: str | None
    spotify_id: str | None
    name: str | None
    artists: tuple[str, ...]
    album: str | None
    release_date: str | None
    duration_ms: int | None
    explicit: bool | None
    popularity: int | None
    isrc: str | None
    audio_features: str | None


def exported(context: RunContext, *, is_matched: bool) -> Iterator[list[ExportedRow]]:
    """Yield the rows in the order of their ids, chunk by chunk.

    Args:
        is_matched: leave out rows without a match.

    Raises:
        NotFound: no batch has run yet.
        ExternalError: PostgreSQL failed.
    """
    with closing(environment.session(context)) as session:
        schema.require(session)
        after = 0
        while True:
            context.interrupt.check()
            rows = session.read(query("export_rows"), {"after": after, "is_matched": is_matched, "most": _CHUNK})
            if not rows:
                return
            after = rows[-1]["id"]
            yield [ExportedRow(**row | {"artists": tuple(row["artists"])}) for row in rows]
