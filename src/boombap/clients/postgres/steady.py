"""A session for work that may be done twice: it is opened again when the server, or the network, has ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap import log
from boombap.errors import ExternalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from boombap.clients.postgres.session import Session

    T = TypeVar("T")


class SteadySession:
    """Runs work on a session, and once more on a new one where the first has broken.

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

    def run(self, work: Callable[[Session], T]) -> T:
        """Return what the work returns.

        Raises:
            ExternalError: the work failed although the session is open, or failed again on a new one.
        """
        try:
            return work(self.session)
        except ExternalError as error:
            if self._reopen is None or self.session.is_usable:
                raise
            log.logger(__name__).warning("a connection is opened again: %s", error)
        self.session.close()
        self.session = self._reopen()
        self._on_reopen(self.session)
        return work(self.session)

    def close(self) -> None:
        """Close the session that is open."""
        self.session.close()
