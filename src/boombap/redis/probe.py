"""What the collector may ask Redis at each scrape: INFO of each master, which costs the same for any number of keys."""

from __future__ import annotations

from boombap.clients.redis import deployment
from boombap.clients.redis.connection import Limits
from boombap.local.address import redis
from boombap.redis.server_info import read_info
from boombap.telemetry import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.telemetry.catalogue import Figure

_LIMITS = Limits(2.0, 2.0)
_FIELDS = (
    (catalogue.REDIS_MEMORY, "used_memory"),
    (catalogue.REDIS_MEMORY_MAX, "maxmemory"),
    (catalogue.REDIS_CLIENTS, "connected_clients"),
    (catalogue.REDIS_HITS, "keyspace_hits"),
    (catalogue.REDIS_MISSES, "keyspace_misses"),
    (catalogue.REDIS_EVICTED, "evicted_keys"),
)


def probe(config: Config, interrupt: Interrupt) -> Iterator[Figure]:
    """Yield the figures of each master of the configured server.

    Raises:
        ConfigError: when none is configured.
        ExternalError: when it does not answer.
    """
    with deployment.opened(redis(config), interrupt, limits=_LIMITS, size=1) as opened:
        for pool in opened.masters():
            node = pool.target.address
            fields, keys = read_info(pool)
            yield catalogue.REDIS_KEYS, (node,), keys
            for metric, name in _FIELDS:
                if fields.get(name, "").isdigit():
                    yield metric, (node,), float(fields[name])
