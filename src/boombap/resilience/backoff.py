"""How long to wait before the next attempt: exponential, with full jitter, up to a cap."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Random = Callable[[], float]
    """Returns a number from 0 up to 1, as `random.random` does."""

# Beyond it the power alone would overflow a float; every sensible cap is reached long before.
_MAX_DOUBLINGS = 60


class Backoff(Record):
    """The shape of the waits between attempts.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (the variant "full jitter").

    Attributes:
        base_s: the longest wait after the first failure.
        cap_s: the longest wait of all.
        factor: by how much the longest wait grows with each failure.
    """

    base_s: float = 0.2
    cap_s: float = 20.0
    factor: float = 2.0

    def ceiling_s(self, failures: int) -> float:
        """Return the longest wait after a number of failures, counted from 1."""
        return min(self.cap_s, self.base_s * self.factor ** min(max(failures, 1) - 1, _MAX_DOUBLINGS))

    def delay_s(self, failures: int, random: Random) -> float:
        """Return the wait after a number of failures: random, up to the longest, so that callers spread out."""
        return self.ceiling_s(failures) * random()
