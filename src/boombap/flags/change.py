"""Sets what a flag says: in Redis where one is configured, otherwise in the file, with a line in the log of changes."""

from __future__ import annotations

import time

from boombap.flags import audit_log
from boombap.flags.evaluation import default_file
from boombap.flags.hashing import SCHEME
from boombap.flags.sources import file
from boombap.flags.sources.document import definition, with_percent, with_shadow
from boombap.flags.sources.file_source import copy_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from boombap.flags.audit_log import Change
    from boombap.flags.model import Definition, Shadow
    from boombap.flags.settings import FlagSettings
    from boombap.flags.sources.redis_source import RedisSource
    from boombap.interrupt import Interrupt

    Edit = Callable[[dict[str, Any]], dict[str, Any]]
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
    return _changed(settings, state, interrupt, flag, lambda before: with_percent(before, hundredths))


def set_shadow(settings: FlagSettings, state: Path, interrupt: Interrupt, flag: str, shadow: Shadow | None) -> Change:
    """Set which runs of classic have native run beside them, none for None, and return the change.

    A flag that was not set gives every key to classic from now on: nothing else could be compared.

    Raises:
        ExternalError: when the file, Redis or the log of changes cannot be read or written.
        ConfigError: when `flags.redis` is not an address.
    """
    return _changed(settings, state, interrupt, flag, lambda before: with_shadow(before, shadow))


def _changed(settings: FlagSettings, state: Path, interrupt: Interrupt, flag: str, edit: Edit) -> Change:
    with audit_log.opened(state) as log:
        if settings.redis:
            from boombap.flags.sources.redis_source import RedisSource

            redis = RedisSource(settings.redis, settings.redis_timeout, interrupt)
            return _in_redis(redis, flag, edit, log)
        path = settings.file or default_file(state)
        change = _in_file(path, flag, edit, log, interrupt.sleep)
    file.keep_copy(path, copy_of(path, state))
    return change


def _in_file(path: Path, flag: str, edit: Edit, log: Log, sleep: Callable[[float], None]) -> Change:
    changes: list[Change] = []

    def edit_document(document: dict[str, Any]) -> None:
        before = document["flags"].get(flag)
        after = document["flags"][flag] = edit(before or {})
        document["metadata"] = {**document.get("metadata", {}), "hashing": SCHEME}
        changes.append(_change(flag, definition(flag, before) if before else None, after, str(path)))

    file.change(path, edit_document, lambda: log(changes[-1]), sleep)
    return changes[-1]


def _in_redis(redis: RedisSource, flag: str, edit: Edit, log: Log) -> Change:
    written: list[dict[str, Any]] = []

    def noted(before: dict[str, Any]) -> dict[str, Any]:
        written.append(edit(before))
        return written[-1]

    before = redis.change(flag, noted)
    change = _change(flag, before, written[-1], redis.place)
    log(change)
    return change


def _change(flag: str, before: Definition | None, written: dict[str, Any], place: str) -> Change:
    after = definition(flag, written)
    share = before.percent if before else None
    shadow = after.shadow.percent if after.shadow else 0.0
    return audit_log.new(flag, share, after.percent, place, time.time(), shadow=shadow)
