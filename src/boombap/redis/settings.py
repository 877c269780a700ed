"""What may be configured of `redis`; where the server is comes from the shared section."""

from __future__ import annotations

from types import MappingProxyType

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class RedisSettings(Record):
    """How `redis` asks, and what it expects of a healthy cache. Durations are kept in seconds.

    Attributes:
        ttls: by prefix of keys, how long their values may live.
    """

    connect_timeout: float = 2.0
    read_timeout: float = 5.0
    pool_size: int = 4
    ttls: Mapping[str, float] = MappingProxyType(
        {
            "artist:": 3600.0,
            "lyrics:": 86_400.0,
            "analysis:": 604_800.0,
            "embedding:": 2_592_000.0,
            "spotify:": 604_800.0,
        }
    )
    hit_ratio_floor: float = 80.0
    big_key: int = 1024**2
    waivers: Path | None = None


SECTION = Section(
    "redis_manager",
    RedisSettings,
    (
        Key("redis_manager.connect_timeout", kinds.DURATION, "limit for one connection attempt to Redis"),
        Key("redis_manager.read_timeout", kinds.DURATION, "limit for one answer of Redis"),
        Key("redis_manager.pool_size", kinds.whole(1, 64), "connections to one Redis server at the same time"),
        Key("redis_manager.ttls", kinds.TTLS, "how long the values under a prefix may live, for example lyrics:=1d"),
        Key("redis_manager.hit_ratio_floor", kinds.PERCENTAGE, "share of reads that a healthy cache answers"),
        Key("redis_manager.big_key", kinds.whole(1024, 2**40), "bytes from which a key is called big"),
        Key("redis_manager.waivers", kinds.PATH, "TOML file with waived findings about Redis"),
    ),
)
