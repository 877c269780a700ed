"""What may be configured of `metrics`."""

from __future__ import annotations

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.record import Record


class MetricsSettings(Record):
    """What the collector asks, and for how long it waits. Durations are kept in seconds."""

    sources: tuple[str, ...] = ()
    timeout: float = 5.0


SECTION = Section(
    "metrics",
    MetricsSettings,
    (
        Key("metrics.sources", kinds.NAMES, "what each scrape asks: db, redis, deps; default: what is configured"),
        Key("metrics.timeout", kinds.DURATION, "the longest wait for a source, where the scrape itself allows more"),
    ),
)
