"""Sets what a flag says: in Redis where one is configured, otherwise in the file, with a line in the log of changes."""

from __future__ import annotations

import time

from boombap.flags import audit_log
from boombap.flags.evaluation import default_file
from boombap.flags.hashing import SCHEME
from boombap.flags.sources import file
from boombap.flags.sources.document import definition, with_percent
from boombap.flags.sources.file_source import copy_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from boombap.flags.audit_log import Change
    from boombap.flags.settings import FlagSettings
    from boombap.flags.sources.redis_source import RedisSource
    from boombap.interrupt import Interrupt

    Log = Callable[[Change], None]


def set_percent(settings: FlagSettings, state: Path, interrupt: Interrupt, flag: str, hundredths: int) -> Change:
    """Set the share of keys that get the native engine, and return the change.

    Args:
        state: the folder of what runs leave.
        hundredths: of a percent, from 0 to 10,000.

    Raises:
        ExternalError: when the file, Redis or the log of changes cannot be read or written.
        ConfigError: when `flags.redis` is not an address.
    """
    with audit_log.opened(state) as log:
        if settings.redis:
            from boombap.flags.sources.redis_source import RedisSource

            redis = RedisSource(settings.redis, settings.redis_timeout, interrupt)
            return _in_redis(redis, flag, hundredths, log)
        path = settings.file or default_file(state)
        change = _in_file(path, flag, hundredths, log, interrupt.sleep)
    file.keep_copy(path, copy_of(path, state))
    return change


def _in_file(path: Path, flag: str, hundredths: int, log: Log, sleep: Callable[[float], None]) -> Change:
    changes: list[Change] = []

    def edit(document: dict[str, Any]) -> None:
        before = document["flags"].get(flag)
        document["flags"][flag] = with_percent(before or {}, hundredths)
        document["metadata"] = {**document.get("metadata", {}), "hashing": SCHEME}
        share = definition(flag, before).percent if before else None
        changes.append(audit_log.new(flag, share, hundredths / 100, str(path), time.time()))

    file.change(path, edit, lambda: log(changes[-1]), sleep)
    return changes[-1]


def _in_redis(redis: RedisSource, flag: str, hundredths: int, log: Log) -> Change:
    before = redis.change(flag, lambda present: with_percent(present, hundredths))
    change = audit_log.new(flag, before.percent if before else None, hundredths / 100, redis.place, time.time())
    log(change)
    return change
