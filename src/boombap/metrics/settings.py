"""What may be configured of `metrics`."""

from __future__ import annotations

from boombap.config import kinds
from boombap.config.section import Key, Section
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boombap.config.secret import Secret


class MetricsSettings(Record):
    """What the collector asks, and for how long it waits. Durations are kept in seconds."""

    sources: tuple[str, ...] = ()
    timeout: float = 5.0
    token: Secret | None = None
    gateway: Secret | None = None


SECTION = Section(
    "metrics",
    MetricsSettings,
    (
        Key(
            "metrics.sources",
            kinds.NAMES,
            "what each scrape asks: db, redis, ctx, deps, spotify; default: what is there",
        ),
        Key("metrics.token", kinds.SECRET, "bearer token that the scraper must send; default: none is needed"),
        Key("metrics.gateway", kinds.SECRET, "address of the Pushgateway that `metrics collect --push` uses"),
        Key("metrics.timeout", kinds.DURATION, "the longest wait for a source, where the scrape itself allows more"),
    ),
)
