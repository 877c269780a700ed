"""What the service of the verdicts counts: decisions, how long they took, and how old the oldest verdict is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.errors import BoombapError
from boombap.telemetry import snapshot
from boombap.telemetry.catalogue import (
    DEPS_ADMISSION_SECONDS,
    DEPS_ADMISSIONS,
    DEPS_VERDICT_AGE,
    DEPS_VERDICT_DATA_AGE,
)

if TYPE_CHECKING:
    from boombap.deps.admission.lookup import Lookup
    from boombap.deps.admission.review import Answer
    from boombap.telemetry.instruments import Meter


def count(meter: Meter, answer: Answer, seconds: float) -> None:
    """Count one decision.

    Args:
        meter: of the service.
        answer: what the API server was told.
        seconds: that it took, without the transfer.
    """
    result = "warned" if answer.result == "allowed" and answer.warnings else answer.result
    meter.add(DEPS_ADMISSIONS, result=result)
    meter.observe(DEPS_ADMISSION_SECONDS, seconds)


def page(meter: Meter, lookup: Lookup, now_s: float) -> str:
    """Return the metrics in Prometheus' text format; without ages where the verdicts cannot be read.

    Args:
        meter: of the service.
        lookup: the verdicts.
        now_s: Unix time.
    """
    try:
        oldest = lookup.oldest()
    except BoombapError:
        oldest = None, None
    samples = {
        (name, labels): amount
        for metric, values, value in meter
        for name, labels, amount in snapshot.expanded(metric, values, value)
    }
    for metric, at_s in zip((DEPS_VERDICT_AGE, DEPS_VERDICT_DATA_AGE), oldest, strict=True):
        if at_s is not None:
            samples[metric.name, ()] = now_s - at_s
    return "".join(f"{line}\n" for line in snapshot.lines(samples))
