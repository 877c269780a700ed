"""Counts and measures while a command runs, in plain dictionaries: importing a metrics library would cost 22 MB."""

from __future__ import annotations

import threading
from bisect import bisect_left
from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.telemetry.catalogue import Metric

    Labels = tuple[str, ...]

Value = float | list[float]
"""A number; of a histogram the count of each bucket, those above the last bound, and the sum."""


class Meter:
    """The figures of one run. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[Metric, Labels], Value] = {}

    def add(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        """Add to a counter.

        Raises:
            ValueError: for less than zero or no finite number, another kind of metric, or labels that it does not have.
        """
        key = _key(metric, ("counter",), labels)
        if not (amount >= 0 and isfinite(amount)):
            raise ValueError(f"{metric.name} cannot count {amount:g}")
        with self._lock:
            before = self._values.get(key, 0.0)
            assert isinstance(before, float), "a counter is a number"
            self._values[key] = before + amount

    def set(self, metric: Metric, value: float, **labels: str) -> None:
        """Set a gauge, or the 1 of an info metric.

        Raises:
            ValueError: for another kind of metric, or labels that it does not have.
        """
        key = _key(metric, ("gauge", "info"), labels)
        with self._lock:
            self._values[key] = float(value)

    def observe(self, metric: Metric, value: float, **labels: str) -> None:
        """Add one measurement to a histogram.

        Raises:
            ValueError: for no finite number, another kind of metric, or labels that it does not have.
        """
        key = _key(metric, ("histogram",), labels)
        if not isfinite(value):
            raise ValueError(f"{metric.name} cannot hold {value:g}")
        with self._lock:
            held = self._values.setdefault(key, [0.0] * (len(metric.buckets) + 2))
            assert isinstance(held, list), "a histogram is a list"
            held[bisect_left(metric.buckets, value)] += 1
            held[-1] += value

    def __iter__(self) -> Iterator[tuple[Metric, Labels, Value]]:
        """Return each value with its metric and the values of its labels."""
        with self._lock:
            held = [(metric, labels, value) for (metric, labels), value in self._values.items()]
        return iter(held)


def _key(metric: Metric, kinds: tuple[str, ...], labels: dict[str, str]) -> tuple[Metric, Labels]:
    if metric.kind not in kinds:
        raise ValueError(f"{metric.name} is a {metric.kind}")
    if labels.keys() != set(metric.labels):
        raise ValueError(f"{metric.name} has the labels {', '.join(metric.labels) or 'none'}")
    return metric, tuple(labels[name] for name in metric.labels)
