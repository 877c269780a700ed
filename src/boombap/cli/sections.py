"""The sections of boombap.toml that tools have, and renamed settings: a table without imports.

A tool checks the keys of its own section; of other sections it knows only the names, from here. `boombap config`
loads all.
"""

from __future__ import annotations

from boombap.config.section import Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.config.section import Section


def _db() -> Section:
    from boombap.db.settings import SECTION

    return SECTION


def _redis() -> Section:
    from boombap.redis.settings import SECTION

    return SECTION


def _ctx() -> Section:
    from boombap.ctx.settings import SECTION

    return SECTION


def _spotify() -> Section:
    from boombap.spotify.settings import SECTION

    return SECTION


def _deps() -> Section:
    from boombap.deps.settings import SECTION

    return SECTION


def _metrics() -> Section:
    from boombap.metrics.settings import SECTION

    return SECTION


def _flags() -> Section:
    from boombap.flags.settings import SECTION

    return SECTION


SECTIONS: dict[str, Callable[[], Section]] = {
    "db": _db,
    "redis_manager": _redis,
    "ctx": _ctx,
    "spotify": _spotify,
    "deps": _deps,
    "metrics": _metrics,
    "flags": _flags,
}
# New names by old ones, of sections and of keys; each is removed in the next major version.
_RENAMED = (("cache", "redis_manager"), ("db.connect_timeout", "postgres.connect_timeout"))


def names() -> Scope:
    """Return what every tool reads: the flags, because each evaluates its own, and the names of other sections."""
    return Scope(sections=(_flags(),), others=tuple(SECTIONS), renamed=_RENAMED)


def every() -> Scope:
    """Return the scope of all settings, which imports each tool's section."""
    return names().replace(sections=tuple(load() for load in SECTIONS.values()))
