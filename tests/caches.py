"""Redis and Valkey for the tests: each kind started when first asked for, emptied for each test."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import servers
from boombap.clients.redis.connection import Connection, Limits
from boombap.clients.redis.pool import Pool
from boombap.clients.redis.target import Target, from_text
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from boombap.local.process import Running

LIMITS = Limits(connect_s=2.0, read_s=5.0)


@dataclass
class Cache:
    """One running server."""

    running: Running
    tcp_port: int = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.tcp_port}/0" if self.tcp_port else self.running.url

    @property
    def target(self) -> Target:
        return from_text(self.url, origin="the test")

    def call(self, *words: Any) -> Any:
        with self.connection() as connection:
            return connection.call(*words)

    @contextmanager
    def connection(
        self, target: Target | None = None, limits: Limits = LIMITS, interrupt: Interrupt | None = None
    ) -> Iterator[Connection]:
        made = Connection(target or self.target, limits, interrupt or Interrupt())
        try:
            yield made
        finally:
            made.close()

    def pool(self, target: Target | None = None, **options: Any) -> Pool:
        return Pool(target or self.target, Interrupt(), **{"limits": LIMITS, **options})

    def clear(self) -> None:
        """Empty the server and give the default user back its rights."""
        with self.connection() as connection:
            connection.call("FLUSHALL")


@dataclass
class Caches:
    """The servers of a session, by kind."""

    folder: Callable[[], Path]
    stack: ExitStack
    running: dict[str, Cache] = field(default_factory=dict)

    def valkey(self) -> Cache:
        """Valkey 9 on a socket file and on TCP, without a password."""
        return self._get("valkey", lambda: servers.running_valkey(self.folder(), tcp=True, requirepass='""'))

    def redis(self) -> Cache:
        """Debian's Redis 7.0."""
        return self._get("redis", lambda: servers.running_redis(self.folder(), tcp=True, requirepass='""'))

    def own(self, **settings: str) -> Cache:
        """A Valkey that belongs to the test, with other settings."""
        tcp = {"tcp": True, "requirepass": '""'} | settings
        running = self.stack.enter_context(servers.running_valkey(self.folder(), **tcp))  # type: ignore[arg-type]
        return Cache(running, running.port)

    def _get(self, kind: str, start: Callable[[], Any]) -> Cache:
        if kind not in self.running:
            running = self.stack.enter_context(start())
            self.running[kind] = Cache(running, running.port)
        cache = self.running[kind]
        cache.clear()
        return cache
