"""What the collector may ask of `deps` at each scrape: how old the databases of advisories and the verdicts are."""

from __future__ import annotations

import time

from boombap.deps.audit import sources
from boombap.deps.settings import DepsSettings
from boombap.deps.verdicts.store import open_store
from boombap.errors import NoVerdict
from boombap.telemetry import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.telemetry.catalogue import Figure


def probe(config: Config, interrupt: Interrupt) -> Iterator[Figure]:
    """Yield the ages of the oldest verdict on an image, and number and ages of each database.

    Raises:
        NoVerdict: when there is neither a database nor a verdict.
        ExternalError: when one is damaged, or the verdicts are.
    """
    assert config.paths.data is not None, "config.load fills it in"
    folder = config.of(DepsSettings).database or config.paths.data / "deps"
    found = sources(str(folder), time.time())
    verdicts = list(_verdicts(config.of(DepsSettings).verdicts or config.paths.data / "verdicts.db"))
    if not found and not any(age for _, _, age in verdicts):
        raise NoVerdict(f"there are no databases in {folder}", hint="run `boombap deps sync`")
    yield from verdicts
    for source in found:
        ecosystem = (source.ecosystem,)
        yield catalogue.DEPS_ADVISORIES, ecosystem, source.records
        yield catalogue.DEPS_CHECKED_AGE, ecosystem, source.age_s
        yield catalogue.DEPS_CONTENT_AGE, ecosystem, source.content_age_s


def _verdicts(path: Path) -> Iterator[Figure]:
    store = open_store(path)
    ages = store.ages() if store else []
    if store:
        store.close()
    for metric, moments in (
        (catalogue.DEPS_VERDICT_AGE, [judged for _, _, judged, _ in ages]),
        (catalogue.DEPS_VERDICT_DATA_AGE, [checked for _, _, _, checked in ages if checked is not None]),
    ):
        yield metric, (), max(0.0, time.time() - min(moments)) if moments else 0.0
