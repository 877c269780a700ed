"""On which albums wanted tracks are, as far as the table says: tracks of one album come with one request."""

from __future__ import annotations

from boombap.spotify.queries.load import query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.clients.postgres.session import Session


def read_album_names(session: Session, keys: Sequence[int]) -> dict[int, str]:
    """Return the album of each row of `tracks` that names one, in its own column or in `spotify_data`."""
    return {row["id"]: row["album"] for row in session.read(query("album_names"), {"ids": list(keys)})}
