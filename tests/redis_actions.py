"""Runs actions of `boombap redis` on a test's servers, also as a user with few rights."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache

PASSWORD = "Geheim-genug"


def ask(run: Any, cache: Cache, *words: str, code: int = 0, url: str = "") -> Any:
    """Give the JSON answer of an action."""
    done = run("redis", *words, "--format", "json", REDIS_URL=url or cache.url)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def text_of(run: Any, cache: Cache, *words: str, code: int = 0, url: str = "") -> str:
    """Give the lines of an action; nothing in them steers a terminal."""
    done = run("redis", *words, REDIS_URL=url or cache.url)
    assert done.returncode == code, done.stderr
    assert "\x1b" not in done.stdout
    return str(done.stdout)


@contextmanager
def limited_user(cache: Cache, *rights: str, keys: str = "~*") -> Iterator[str]:
    """Make a user with some rights, and give the address that it enters by."""
    cache.call("ACL", "SETUSER", "dj", "reset", "on", f">{PASSWORD}", keys, "&*", *rights)
    try:
        yield f"redis://dj:{PASSWORD}@127.0.0.1:{cache.tcp_port}/0"
    finally:
        cache.call("ACL", "DELUSER", "dj")
