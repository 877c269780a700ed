"""What runs say: a share and a quantile, each with the interval that holds the true one in 95 of 100 cases."""

from __future__ import annotations

from math import ceil, floor, sqrt

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_Z = 1.96
"""The normal quantile of a two-sided interval of 95 %."""


class Estimate(Record):
    """A value with its interval of 95 %.

    Attributes:
        value: what was measured.
        low: the lower end; None where the runs are too few to say.
        high: the upper end; None likewise.
    """

    value: float
    low: float | None
    high: float | None


def share(count: int, of: int) -> Estimate:
    """Return a share by the interval of Wilson, "Probable inference, the law of succession", 1927.

    Unlike the plain normal interval it says something where nothing failed.

    >>> share(0, 10)
    Estimate(value=0.0, low=0.0, high=0.2775401687...)
    """
    if not of:
        return Estimate(0.0, None, None)
    value, spread = count / of, _Z * _Z / of
    middle = (value + spread / 2) / (1 + spread)
    half = _Z * sqrt(value * (1 - value) / of + spread / (4 * of)) / (1 + spread)
    return Estimate(value, max(0.0, middle - half) if count else 0.0, min(1.0, middle + half) if count < of else 1.0)


def quantile(values: Sequence[float], rank: float) -> Estimate:
    """Return a quantile by its rank, with the interval of order statistics.

    The interval assumes nothing about how the values are spread: how many of them are below the true quantile is
    binomial (David and Nagaraja, "Order statistics", 2003, section 7.1), here by its normal approximation.

    Args:
        values: in any order.
        rank: from 0 to 1, 0.95 for the 95th percentile.
    """
    ordered = sorted(values)
    count = len(ordered)
    if not count:
        return Estimate(0.0, None, None)
    value = ordered[min(count - 1, ceil(rank * count) - 1)] if rank else ordered[0]
    half = _Z * sqrt(count * rank * (1 - rank))
    low, high = floor(count * rank - half), ceil(count * rank + half)
    return Estimate(value, ordered[low - 1] if low >= 1 else None, ordered[high] if high < count else None)
