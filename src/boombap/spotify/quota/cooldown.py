"""Until when nobody may call, kept in PostgreSQL: there it outlives a Redis that loses its memory."""

from __future__ import annotations

import time

from boombap.spotify.queries.load import query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.clients.postgres.pool import Pool


class Cooldown:
    """The cool-down of one account, by the server's clock.

    Args:
        account: from `shared_window.account_of`.
        now: Unix time of this process, to which answers are translated.
    """

    def __init__(self, pool: Pool, account: str, *, now: Callable[[], float] = time.time) -> None:
        self._pool = pool
        self._account = account
        self._now = now

    def cooldown_until_s(self) -> float:
        """Return the Unix time before which nobody may call, 0 when there is none.

        Raises:
            ExternalError: when the database cannot say.
        """
        rows = self._pool.read(query("cooldown"), {"account": self._account})
        left_s: float = rows[0]["left_s"] if rows else 0.0
        return self._now() + left_s if left_s > 0 else 0.0

    def cool_down(self, until_s: float, reason: str) -> None:
        """Remember a cool-down; one that ends later stays.

        Raises:
            ExternalError: when the database cannot be told.
        """
        values = {"account": self._account, "left_s": until_s - self._now(), "reason": reason}
        with self._pool.session() as session, session.transaction():
            session.write(query("cool_down"), values)
