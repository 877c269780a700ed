"""What the collector may ask of `deps` at each scrape: how old the databases of advisories are."""

from __future__ import annotations

import time

from boombap.deps.audit import sources
from boombap.deps.settings import DepsSettings
from boombap.errors import NoVerdict
from boombap.telemetry import catalogue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.telemetry.catalogue import Figure


def probe(config: Config, interrupt: Interrupt) -> Iterator[Figure]:
    """Yield number and ages of each database.

    Raises:
        NoVerdict: when there is none.
        ExternalError: when one is damaged.
    """
    assert config.paths.data is not None, "config.load fills it in"
    folder = config.of(DepsSettings).database or config.paths.data / "deps"
    found = sources(str(folder), time.time())
    if not found:
        raise NoVerdict(f"there are no databases in {folder}", hint="run `boombap deps sync`")
    for source in found:
        ecosystem = (source.ecosystem,)
        yield catalogue.DEPS_ADVISORIES, ecosystem, source.records
        yield catalogue.DEPS_CHECKED_AGE, ecosystem, source.age_s
        yield catalogue.DEPS_CONTENT_AGE, ecosystem, source.content_age_s
