"""A loopback Redis whose SCAN gives every key, whatever the pattern; it notes commands and may play other tricks."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import hiredis

from boombap.clients.redis.target import Target
from fakes.not_postgres import listening
from fakes.not_redis import HELLO

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

_OK = b"+OK\r\n"


class Liar:
    """Keys that are strings without a time to live, and every command that came, in the order of arrival.

    `answers` replaces what is replied to a command, by name; None hangs up.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.keys = list(keys)
        self.answers: dict[bytes, bytes | None] = {}
        self.heard: list[tuple[bytes, ...]] = []
        self.target = Target()
        self._lock = threading.Lock()

    def touched_by(self, *names: bytes) -> set[bytes]:
        """Return the keys that commands of these names were about."""
        return {command[1] for command in self.heard if command[0].upper() in names}

    def names(self) -> list[bytes]:
        """Return the names of the commands that came, without those that open a connection."""
        return [command[0].upper() for command in self.heard if command[0].upper() != b"HELLO"]

    def answer(self, guest: socket.socket) -> None:
        # Several connections are open at once, and the listener answers one guest after the other.
        threading.Thread(target=self._talk, args=(guest,), daemon=True).start()

    def _talk(self, guest: socket.socket) -> None:
        reader = hiredis.Reader(notEnoughData=self)
        try:
            while data := guest.recv(65_536):
                reader.feed(data)
                while (command := reader.gets()) is not self:
                    reply = self._reply(tuple(command))
                    if reply is None:
                        return
                    guest.sendall(reply)
        except OSError:
            """The guest has gone."""
        finally:
            guest.close()

    def _reply(self, command: tuple[bytes, ...]) -> bytes | None:
        with self._lock:
            self.heard.append(command)
        if command[0].upper() in self.answers:
            return self.answers[command[0].upper()]
        match command[0].upper():
            case b"HELLO":
                return HELLO
            case b"INFO":
                return _bulk(b"run_id:4711\r\ndb0:keys=%d,expires=0,avg_ttl=0\r\n" % len(self.keys))
            case b"SCAN":
                return b"*2\r\n$1\r\n0\r\n*%d\r\n" % len(self.keys) + b"".join(map(_bulk, self.keys))
            case b"TYPE":
                return b"+string\r\n"
            case b"PTTL":
                return b":-1\r\n"
            case b"GET" | b"DUMP":
                return _bulk(b"value of " + command[1])
            case b"UNLINK" | b"DEL" | b"PEXPIRE":
                return b":1\r\n"
        return _OK


def _bulk(text: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(text), text)


@contextmanager
def lying(*keys: bytes) -> Iterator[Liar]:
    liar = Liar(keys)
    with listening(liar.answer) as listener:
        liar.target = Target(port=listener.port)
        yield liar
