"""Asks nodes; a command that one refuses is noted with its reason, and the rest of the answer is still given."""

from __future__ import annotations

from boombap.clients.redis.errors import ServerError, refusal
from boombap.record import Record
from boombap.redis.keyspace.scan import is_about_the_key, reason_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.clients.redis.pool import Pool
    from boombap.clients.redis.target import Target


class Denied(Record):
    """A command that a node did not answer.

    Attributes:
        node: ``host:port``.
        command: without its arguments.
        reason: why, as in ``not allowed to this user``.
    """

    node: str
    command: str
    reason: str


class Refusals:
    """The commands that nodes did not answer, each named once per node."""

    def __init__(self) -> None:
        self._noted: dict[Denied, None] = {}

    @property
    def all(self) -> tuple[Denied, ...]:
        """Return them in the order in which they were met."""
        return tuple(self._noted)

    def ask(self, pool: Pool, command: str, *arguments: str | bytes | int) -> Any:  # noqa: ANN401 - a reply
        """Return the reply to a command, such as ``CONFIG GET``; None when the node does not answer it."""
        return self.checked(pool.ask(*command.split(" "), *arguments), pool.target, command)

    def checked(self, reply: Any, target: Target, command: str) -> Any:  # noqa: ANN401 - a reply
        """Return a reply, or None when it is a refusal, which is noted.

        Raises:
            ExternalError: for an error that says nothing about this user's rights or this server's commands.
        """
        if not isinstance(reply, ServerError):
            return reply
        reason = "not allowed to this user for some keys" if is_about_the_key(reply) else reason_of(reply)
        if reason is None:
            raise refusal(reply, target, command.partition(" ")[0])
        self._noted[Denied(target.address, command, reason)] = None
        return None


def text(raw: object) -> str:
    """Return a server's text; bytes that are not UTF-8 as escapes."""
    return raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else str(raw)


def info_fields(reply: Any) -> dict[str, str]:  # noqa: ANN401 - a reply
    r"""Return the fields of INFO; none where it was refused.

    >>> info_fields(b"# Clients\r\nconnected_clients:3\r\n")
    {'connected_clients': '3'}
    """
    parts = (line.partition(":") for line in text(reply or b"").splitlines() if not line.startswith("#"))
    return {name: value for name, colon, value in parts if colon}


def number(value: str | None) -> int | None:
    """Return a whole number that a server wrote; None for anything else.

    >>> number("-1"), number("noeviction"), number(None)
    (-1, None, None)
    """
    digits = (value or "").removeprefix("-")
    return int(value or 0) if digits.isascii() and digits.isdigit() else None
