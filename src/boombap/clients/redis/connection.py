"""One connection: commands one by one or many at a time, with RESP3 where the server offers it.

Replies are what hiredis makes of them: bytes, int, float, bool, None, lists, and dicts where RESP3 has maps. Nothing is
decoded, because keys and values may be any bytes.
"""

from __future__ import annotations

import os

import hiredis

from boombap.clients.redis import errors
from boombap.clients.redis.dial import connect
from boombap.clients.redis.errors import ServerError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from boombap.clients.redis.target import Target
    from boombap.interrupt import Interrupt

    Word = bytes | str | int | float
    Command = Sequence[Word]
    Reply = Any
    """bytes, int, float, bool, None, list, dict, or a ServerError inside of a list."""

_MORE = object()
# Of 16 to 256 KiB, these gave the most pipelined SET/s on loopback. No script in benchmarks/ repeats this.
_BUFFER_BYTES = 65_536
_CHUNK_BYTES = 65_536
# Servers before 6.0, proxies and renamed commands: they are asked in RESP2. A command that it does not know is NOAUTH
# to a server that asks for a password.
_NO_HELLO = ("ERR", "NOPROTO", "NOPERM", "NOAUTH")


class Limits(Record):
    """How long a server may take.

    Attributes:
        connect_s: for a connection with its handshake.
        read_s: for the next bytes of an answer.
    """

    connect_s: float = 2.0
    read_s: float = 5.0


class Connection:
    """A connection of our own; use it from one thread at a time.

    Attributes:
        target: what it is connected to.
        protocol: 3, or 2 where the server knows no HELLO.
        mode: ``standalone``, ``sentinel`` or ``cluster`` as HELLO says; empty when it did not.
        is_usable: whether the next command may be sent; after a failed one the replies no longer match the commands.
    """

    def __init__(self, target: Target, limits: Limits, interrupt: Interrupt) -> None:
        self.target = target
        self.protocol = 2
        self.mode = ""
        self.is_usable = True
        self._limits = limits
        self._interrupt = interrupt
        self._buffer = bytearray(_BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._early: list[Reply | ServerError] = []
        self._reader = hiredis.Reader(replyError=ServerError, notEnoughData=_MORE)  # type: ignore[arg-type]
        self._wire = connect(target, limits.connect_s, limits.read_s, interrupt)
        # For the connection's whole life: entering and leaving the block at each command would cost 3 us.
        self._ending = interrupt.cancel_with(self._wire.end)
        try:
            self._ending.__enter__()
            self._greet()
        except BaseException:
            self.close()
            raise

    def call(self, *command: Word) -> Reply:
        """Return the reply to one command.

        Raises:
            ExternalError: the branch that fits what the server refused, a time-out, or a broken connection.
            Interrupted: when the run was ended meanwhile.
        """
        reply = self.ask(*command)
        if isinstance(reply, ServerError):
            raise errors.refusal(reply, self.target, command[0])
        return reply

    def ask(self, *command: Word) -> Reply | ServerError:
        """Return the reply to one command, an error of the server as a value.

        Raises:
            ExternalError: for a time-out or a broken connection.
            Interrupted: when the run was ended meanwhile.
        """
        try:
            self._wire.send(hiredis.pack_command(command))  # type: ignore[arg-type]
            reply = self._reader.gets(False)
            while reply is _MORE:
                count = self._wire.receive_into(self._view)
                if not count:
                    raise ConnectionError
                self._reader.feed(self._buffer, 0, count)  # type: ignore[arg-type]
                reply = self._next()
        except (OSError, hiredis.ProtocolError, TypeError) as error:
            raise self._failed(error, command[0]) from None
        return reply

    def pipeline(self, commands: Iterable[Command]) -> list[Reply | ServerError]:
        """Return the replies to many commands that are sent without waiting for each answer, errors as values.

        Replies are read while commands are still being sent, so that two full buffers cannot wait for each other.

        Raises:
            ExternalError: for a time-out or a broken connection; how far the server came is not known then.
            Interrupted: when the run was ended meanwhile.
        """
        replies: list[Reply | ServerError] = []
        sent = 0
        chunk: list[bytes] = []
        size = 0
        name: Word = "PIPELINE"
        try:
            for name, *rest in commands:
                packed = hiredis.pack_command((name, *rest))  # type: ignore[arg-type]
                chunk.append(packed)
                size += len(packed)
                sent += 1
                if size >= _CHUNK_BYTES:
                    self._send_and_receive(b"".join(chunk), replies)
                    chunk, size = [], 0
            self._send_and_receive(b"".join(chunk), replies)
            while len(replies) < sent:
                self._feed(self._wire.receive_into(self._view), replies)
        except (OSError, hiredis.ProtocolError, TypeError) as error:
            raise self._failed(error, name) from None
        return replies

    def post(self, packed: bytes) -> None:
        """Send commands that the caller has packed; `collect` returns their replies; send nothing in between.

        Raises:
            ExternalError: for a time-out or a broken connection.
            Interrupted: when the run was ended meanwhile.
        """
        try:
            self._send_and_receive(packed, self._early)
        except (OSError, hiredis.ProtocolError, TypeError) as error:
            raise self._failed(error, "PIPELINE") from None

    def collect(self, count: int) -> list[Reply | ServerError]:
        """Return the replies to the commands that were posted; otherwise as `pipeline`.

        Args:
            count: how many commands they were.
        """
        replies, self._early = self._early, []
        try:
            while len(replies) < count:
                self._feed(self._wire.receive_into(self._view), replies)
        except (OSError, hiredis.ProtocolError, TypeError) as error:
            raise self._failed(error, "PIPELINE") from None
        return replies

    def close(self) -> None:
        """Close the connection; harmless when it is closed already."""
        self.is_usable = False
        self._ending.__exit__(None, None, None)
        self._wire.close()

    def _send_and_receive(self, data: bytes, replies: list[Reply | ServerError]) -> None:
        left = memoryview(data)
        while left:
            count = self._wire.try_send(left)
            left = left[count:]
            received = self._wire.try_receive_into(self._view)
            if received is not None:
                self._feed(received, replies)
            elif not count:
                self._wire.wait(self._limits.read_s)

    def _feed(self, count: int, replies: list[Reply | ServerError]) -> None:
        if not count:
            raise ConnectionError
        self._reader.feed(self._buffer, 0, count)  # type: ignore[arg-type]
        take, append = self._reader.gets, replies.append
        while (reply := take(False)) is not _MORE:
            if type(reply) is not hiredis.PushNotification:
                append(reply)

    def _next(self) -> Reply:
        """Return the next reply that is complete, without the server's push notifications."""
        while isinstance(reply := self._reader.gets(False), hiredis.PushNotification):
            continue
        return reply

    def _failed(self, error: Exception, command: Word) -> Exception:
        if isinstance(error, TypeError):
            # An argument that is not one: nothing was sent when it came first, but a pipeline may be half out.
            self.close()
            return TypeError(f"an argument of {errors.name_of(command)} is not bytes, text or a number")
        self.close()
        self._interrupt.check()
        if isinstance(error, (TimeoutError, BlockingIOError)):
            return errors.too_slow(self.target, command, self._limits.read_s)
        if isinstance(error, hiredis.ProtocolError):
            return errors.not_redis(self.target)
        return errors.broken(self.target)

    def _greet(self) -> None:
        """Agree on RESP3 and authenticate, in one message where the server knows HELLO."""
        target = self.target
        password = target.password.reveal() if target.password else ""
        login = ["AUTH", target.username or "default", password] if password or target.username else []
        name = f"boombap-{os.getpid()}"
        hello = self.ask("HELLO", 3, *login, "SETNAME", name)
        if isinstance(hello, ServerError):
            if hello.word not in _NO_HELLO:
                raise errors.refusal(hello, target, "HELLO")
            self._greet_plainly(password, name)
        else:
            facts = as_mapping(hello)
            self.protocol = int(facts.get(b"proto", 2))
            self.mode = facts.get(b"mode", b"").decode("ascii", "replace")
        if target.db:
            self.call("SELECT", target.db)

    def _greet_plainly(self, password: str, name: str) -> None:
        username = self.target.username
        if password or username:
            self.call("AUTH", *([username, password] if username else [password]))
        # The name only helps readers of CLIENT LIST.
        named = self.ask("CLIENT", "SETNAME", name)
        if isinstance(named, ServerError) and named.word in ("NOAUTH", "DENIED"):
            raise errors.refusal(named, self.target, "CLIENT")


def as_mapping(reply: Reply) -> dict[Any, Any]:
    """Return a map of RESP3, or the flat list of names and values that RESP2 has in its place, as a dict.

    >>> as_mapping([b"proto", 2, b"mode", b"cluster"])
    {b'proto': 2, b'mode': b'cluster'}
    """
    return reply if isinstance(reply, dict) else dict(zip(reply[::2], reply[1::2], strict=False))
