"""A session for work that may be done again: it is opened again when the server, or the network, has ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap import log
from boombap.errors import ExternalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from boombap.clients.postgres.session import Session

    T = TypeVar("T")


MAX_SESSIONS = 3
"""Sessions for one piece of work. A server that ends sessions may end the second one before its first query."""


class SteadySession:
    """Runs work on a session, and again on a new one where it has broken.

    Args:
        session: open.
        reopen: opens another one; without it a broken session is an error.
        on_reopen: called with each new one before the work, for what belongs to the session: locks, for example.

    Attributes:
        session: the one that is open now.
    """

    def __init__(
        self,
        session: Session,
        reopen: Callable[[], Session] | None = None,
        on_reopen: Callable[[Session], object] = bool,
    ) -> None:
        self.session = session
        self._reopen = reopen
        self._on_reopen = on_reopen
        self._is_new = False

    def run(self, work: Callable[[Session], T]) -> T:
        """Return what the work returns.

        Raises:
            ExternalError: the work failed although the session is open, the third session broke, or none opens.
        """
        for _ in range(MAX_SESSIONS - 1):
            try:
                return self._done(work)
            except ExternalError as error:
                if self._reopen is None or self.session.is_usable:
                    raise
                log.logger(__name__).warning("a connection is opened again: %s", error)
            self.session.close()
            self.session = self._reopen()
            self._is_new = True
        return self._done(work)

    def _done(self, work: Callable[[Session], T]) -> T:
        if self._is_new:
            self._on_reopen(self.session)
            self._is_new = False
        return work(self.session)

    def close(self) -> None:
        """Close the session that is open."""
        self.session.close()
