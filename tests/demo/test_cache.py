"""The sample cache of the tour: every planted fault is found, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.demo.cache import commands
from boombap.redis.checks import keyspace
from boombap.redis.model import Expectations
from boombap.redis.settings import RedisSettings
from keyspaces import walk

if TYPE_CHECKING:
    from pathlib import Path

    from caches import Cache


def test_every_planted_fault_is_found(cache: Cache, tmp_path: Path):
    with cache.connection() as connection:
        connection.pipeline(commands())
    settings = RedisSettings()
    stats = walk(cache.target, tmp_path, prefixes=[prefix.encode() for prefix in settings.ttls])
    assert (stats.keys, stats.pickles) == (3006, 5)
    found = {finding.id for finding in keyspace.judge(stats, Expectations(settings.ttls, 80.0, settings.big_key))}
    assert found == {"pickle_values", "keys_without_ttl", "big_key"}
