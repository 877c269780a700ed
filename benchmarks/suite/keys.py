"""Keys of a cache as the platform has them, the same in every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boombap.clients.redis.connection import Connection

_CHUNK = 10_000
_HOUR_S = 3_600
_DAY_S = 24 * _HOUR_S


def fill(connection: Connection, count: int) -> None:
    """Write keys as a cache of the platform has them: mostly strings with a TTL, some collections, some identifiers.

    No TTL is near one of the steps by which keys are counted: two counts, seconds apart, are the same.
    """
    for start in range(0, count, _CHUNK):
        connection.pipeline([_command(number) for number in range(start, min(count, start + _CHUNK))])


def _command(number: int) -> tuple[str | bytes | int, ...]:
    kind = number % 20
    if kind < 8:
        return "SET", f"artist:{number}", b"x" * 120, "EX", 2 * _HOUR_S + number % (20 * _HOUR_S)
    if kind < 12:
        return "SET", f"spotify:track:{number * 2_654_435_761 % 2**64:016x}ab", b"{" * 350, "EX", 7 * _DAY_S
    if kind < 14:
        return "SET", f"lyrics:en:{number}", b"y" * 600
    if kind < 16:
        return "HSET", f"analysis:{number}:emotion", "joy", number, "anger", 2, "fear", 3, "model", "v2", "ms", 90
    if kind < 18:
        return "RPUSH", f"queue:{number}", *range(10)
    if kind == 18:
        return "SADD", f"tags:track:{number}", "boom", "bap", "jazz", number
    return "ZADD", f"top:{number}", 1, "a", 2, "b", 3, "c"
