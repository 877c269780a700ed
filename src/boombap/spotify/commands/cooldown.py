"""The ban that every process keeps to: what PostgreSQL and Redis remember of it, and how a person ends it."""

from __future__ import annotations

import select
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from boombap.errors import ConfigError, ExternalError, UsageError
from boombap.spotify import environment
from boombap.spotify.catalogue import schema
from boombap.spotify.queries.load import query
from boombap.spotify.quota.shared_window import SharedRateWindow, account_of
from boombap.spotify.settings import SpotifySettings

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from boombap.clients.postgres.session import Session
    from boombap.command.context import RunContext

_STEP_S = 0.1
POSTGRES, REDIS = "PostgreSQL", "Redis"


class Memory(NamedTuple):
    """What one server remembers of a ban.

    Attributes:
        server: `POSTGRES` or `REDIS`.
        left_s: seconds until it ends.
        reason: what said so; empty in Redis, which keeps only the time.
    """

    server: str
    left_s: float
    reason: str


class Ban(NamedTuple):
    """What is remembered at one time; without a memory nothing is.

    Attributes:
        seen_at_s: Unix time of the look.
        unseen: servers that did not answer, and why.
    """

    seen_at_s: float
    memories: tuple[Memory, ...]
    unseen: dict[str, str]

    @property
    def left_s(self) -> float:
        """Return the seconds until the later end; 0 without a ban."""
        return max((memory.left_s for memory in self.memories), default=0.0)

    @property
    def until_s(self) -> float:
        """Return the Unix time of the later end; 0 without a ban."""
        return self.seen_at_s + self.left_s if self.memories else 0.0


class Cooldowns:
    """The ban of the configured account on both servers; leaving the block closes the connections.

    Raises:
        ConfigError: without the id of an app.
        ExternalError: PostgreSQL does not answer.
    """

    def __init__(self, context: RunContext) -> None:
        client_id = context.config.of(SpotifySettings).client_id
        if not client_id:
            raise ConfigError("a ban belongs to an app, and spotify.client_id is not set", hint="set SPOTIFY_CLIENT_ID")
        self._account = account_of(client_id)
        with ExitStack() as stack:
            redis = stack.enter_context(environment.redis(context, context.interrupt))
            self._session: Session = environment.session(context)
            stack.callback(self._session.close)
            # By its own clock at zero the answer is what is left.
            self._window = redis and SharedRateWindow(redis, self._account, budget=0, length_s=0.0, now=lambda: 0.0)
            self._has_tables = schema.is_installed(self._session)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def read(self) -> Ban:
        """Return what both servers remember; a Redis that does not answer is in `Ban.unseen`.

        Raises:
            ExternalError: PostgreSQL does not answer.
        """
        memories, unseen = [], {}
        if self._has_tables:
            rows = self._session.read(query("ban"), {"account": self._account})
            memories += [Memory(POSTGRES, row["left_s"], row["reason"]) for row in rows]
        if self._window:
            try:
                left_s = self._window.cooldown_until_s()
            except ExternalError as error:
                unseen[REDIS] = str(error)
            else:
                memories += [Memory(REDIS, left_s, "")] if left_s else []
        return Ban(time.time(), tuple(memories), unseen)

    def clear(self) -> None:
        """End the ban on both servers; where Redis does not answer nothing is changed.

        Raises:
            ExternalError: a server does not answer; while one of them remembers the ban, it holds.
        """
        if self._window:
            self._window.end_cooldown()
        if self._has_tables:
            self._session.write(query("clear_cooldown"), {"account": self._account})


def is_confirmed(context: RunContext) -> bool:
    """Warn, and return whether `--yes` or a person at the terminal wants to end the ban.

    Raises:
        UsageError: nobody can be asked.
    """
    context.terminal.note("Spotify makes the ban of an app longer when it keeps sending requests")
    if context.args.yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("a ban is ended by a person at a terminal, or with --yes", hint="add --yes to end it")
    print("end the ban? [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201 - a question, also with --quiet
    while not select.select([sys.stdin], [], [], _STEP_S)[0]:
        context.interrupt.check()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
