"""The Redis manager in the tour: a small cache with planted faults, on a Valkey of its own."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

from boombap.clients.redis.connection import Connection, Limits
from boombap.clients.redis.target import from_text
from boombap.errors import EXIT_FINDINGS
from boombap.local import valkey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.clients.redis.connection import Command
    from boombap.demo.stage import Stage

_HOUR_S = 3_600
_ARTISTS = 2_000
_LYRICS = 1_000
_LASTING = 300
_PICKLES = 5
_BIG_BYTES = 12 * 1024**2


def show(stage: Stage) -> None:
    """Fill a cache that nobody else uses, and show what is wrong with it and what fills it."""
    with tempfile.TemporaryDirectory(prefix="boombap-demo-") as place:
        base = Path(place) / "local"
        try:
            server = valkey.start(base, sleep=stage.interrupt.sleep)
            keys = _fill(server.url, stage)
            stage.say(f"Valkey {server.version} runs on a socket of its own, with {keys:,} keys, some of them faulty")
            # A password of the person's own server is not for this one.
            cache = stage.replace(settings=(*stage.settings, ("REDIS_URL", server.url), ("REDIS_PASSWORD", "")))
            cache.run("redis", "info")
            took_s = cache.run("redis", "keys", "-n", "4", answers=(EXIT_FINDINGS,))
            stage.say(f"every key was looked at in {1000 * took_s:.0f} ms, start of Python included")
        finally:
            valkey.stop(base)


def _fill(url: str, stage: Stage) -> int:
    connection = Connection(from_text(url, origin="the tour"), Limits(), stage.interrupt)
    try:
        connection.pipeline(commands())
        keys: int = connection.call("DBSIZE")
        return keys
    finally:
        connection.close()


def commands() -> Iterator[Command]:
    """Yield what fills the sample cache; its faults are lyrics without TTL, pickles, and one big key."""
    for number in range(_ARTISTS):
        yield "SET", f"artist:{number}", '{"name": "made up", "tracks": 12}', "EX", _HOUR_S
    for number in range(_LYRICS):
        life = () if number < _LASTING else ("EX", 24 * _HOUR_S)
        yield "SET", f"lyrics:en:{number}", "kick snare hat loop " * 20, *life
    for number in range(_PICKLES):
        yield "SET", f"session:{number}", pickle.dumps({"user": number}), "EX", _HOUR_S
    yield "SET", "export:all", "x" * _BIG_BYTES, "EX", _HOUR_S
