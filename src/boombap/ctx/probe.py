"""What the collector may ask of `ctx` at each scrape: the facts that each index holds, for any size of the tree."""

from __future__ import annotations

import os
import time

from boombap.ctx.indexing.cached import index_files, read_facts
from boombap.errors import NoVerdict
from boombap.telemetry import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.telemetry.catalogue import Figure

# The name of an index is a label: a machine on which thousands of trees were searched shows those in use.
_MOST_INDEXES = 20
# What an older version wrote lacks some of them, and then their series, until the tree changes.
_FACTS = (
    ("files", catalogue.CTX_INDEX_FILES, ()),
    ("beyond_limit", catalogue.CTX_INDEX_LEFT_OUT, ("limit",)),
    ("unsuitable", catalogue.CTX_INDEX_LEFT_OUT, ("unsuitable",)),
    ("partial", catalogue.CTX_INDEX_PARTIAL, ()),
)


def probe(config: Config, _: Interrupt) -> Iterator[Figure]:
    """Yield the figures of the indexes that were written last.

    Raises:
        NoVerdict: when no tree has been searched yet.
        AccessDenied: when the cache cannot be listed.
    """
    assert config.paths.cache is not None, "config.load fills it in"
    stamped = [(stat, path) for path in index_files(str(config.paths.cache)) if (stat := _stat(path))]
    if not stamped:
        raise NoVerdict(f"there are no indexes in {config.paths.cache}", hint="`ctx search` builds one")
    stamped.sort(key=lambda pair: pair[0].st_mtime, reverse=True)
    shown, now_s = 0, time.time()
    for stat, path in stamped[:_MOST_INDEXES]:
        figures = list(_figures(path, stat, now_s))
        shown += bool(figures)
        yield from figures
    yield catalogue.CTX_INDEXES, ("shown",), shown
    yield catalogue.CTX_INDEXES, ("unread",), min(len(stamped), _MOST_INDEXES) - shown
    yield catalogue.CTX_INDEXES, ("not_shown",), max(0, len(stamped) - _MOST_INDEXES)


def _stat(path: str) -> os.stat_result | None:
    """Return what the system says about a file; None for one that was removed meanwhile."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _figures(path: str, stat: os.stat_result, now_s: float) -> Iterator[Figure]:
    """Yield the figures of one index, none for one that cannot be read."""
    try:
        facts = read_facts(path)
    except OSError:
        return
    if not facts:
        return
    name = os.path.basename(path).removesuffix(".db")
    yield catalogue.CTX_INDEX_AGE, (name,), max(0.0, now_s - stat.st_mtime)
    yield catalogue.CTX_INDEX_SIZE, (name,), stat.st_size
    for fact, metric, labels in _FACTS:
        value = facts.get(fact)
        if isinstance(value, int):
            yield metric, (name, *labels), value
