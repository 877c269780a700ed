"""What a run over tracks leaves for the collector, beside what its breakers, retries and queues tell while it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.spotify.model import Endpoint, Outcome
from boombap.telemetry import catalogue

if TYPE_CHECKING:
    from boombap.spotify.commands.batch import Done
    from boombap.telemetry.instruments import Meter


def count_run(meter: Meter, done: Done) -> None:
    """Add a run; what it did not need is counted with 0, so that each series is there from the first run on."""
    statistics = done.statistics
    for outcome in Outcome:
        meter.add(catalogue.SPOTIFY_TRACKS, statistics.outcomes[outcome], outcome=outcome.value)
    for source, tracks in (("cache", statistics.hits), ("stored", statistics.stored_hits)):
        meter.add(catalogue.SPOTIFY_KNOWN, tracks, source=source)
    for endpoint in Endpoint:
        meter.add(catalogue.SPOTIFY_REQUESTS, statistics.requests[endpoint], endpoint=endpoint.value)
    for result, count in (("failed", statistics.failures), ("refused_id", statistics.refused_ids)):
        meter.add(catalogue.SPOTIFY_REJECTIONS, count.total(), result=result)
    meter.add(catalogue.SPOTIFY_LIMITED, done.limited)
    meter.add(catalogue.SPOTIFY_TOKENS, done.renewals)
    for result, rows in (("stored", done.stored), ("refused", done.refused), ("refilled", done.refilled)):
        meter.add(catalogue.SPOTIFY_ROWS, rows, result=result)
