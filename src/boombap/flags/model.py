"""What flows through flags: which flags exist, what one says, and what an evaluation answers."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Reason = Literal["STATIC", "TARGETING_MATCH", "DEFAULT", "OVERRIDE", "FALLBACK", "ERROR"]

NATIVE = "native"
CLASSIC = "classic"
VARIANTS = (NATIVE, CLASSIC)
NAMES = ("db-engine", "spotify-engine", "ctx-engine", "deps-engine", "redis-engine", "metrics-engine")
"""Every flag: which engine a tool runs."""

_ALL = 100.0
MAX_OUTCOMES = 200
"""The latest outcomes of each engine that are kept."""

MAX_TOTAL = 2**31 - 1
"""The largest sum of weights that flagd takes."""


class Shadow(Record):
    """Which runs of classic have native run beside them, only to compare.

    Attributes:
        percent: the share of runs, above 0 and at most 100.
        deadline_s: after which native is stopped, in seconds.
    """

    percent: float
    deadline_s: float


class Definition(Record):
    """What a source says of one flag.

    Attributes:
        name: of the flag.
        default_variant: the answer for an empty key, and where no weight is above zero.
        weights: variants with their weights, in the order of the file; none where every key gets the default.
        is_enabled: False for a flag that is switched off, which then is as if the source did not have it.
        shadow: the comparison of both engines where classic answers; None without one.
    """

    name: str
    default_variant: str
    weights: tuple[tuple[str, int], ...] = ()
    is_enabled: bool = True
    shadow: Shadow | None = None

    @property
    def total(self) -> int:
        """Return the sum of the weights."""
        return sum(weight for _, weight in self.weights)

    @property
    def percent(self) -> float:
        """Return the share of keys that get the native engine, from 0 to 100."""
        if not self.total:
            return 100.0 if self.default_variant == NATIVE else 0.0
        return 100 * sum(weight for variant, weight in self.weights if variant == NATIVE) / self.total

    @property
    def has_classic(self) -> bool:
        """Tell whether some key gets the classic engine."""
        return self.percent < _ALL

    def answer(self, key: str) -> tuple[str, Reason]:
        """Return the variant for a key, and why."""
        if not self.weights:
            return self.default_variant, "STATIC"
        if not key or not self.total:
            return self.default_variant, "DEFAULT"
        from boombap.flags.hashing import bucket

        place = bucket(self.name, key, self.total)
        for variant, weight in self.weights:
            place -= weight
            if place < 0:
                return variant, "TARGETING_MATCH"
        raise AssertionError(place)


class Evaluation(Record):
    """Which engine works on a key.

    Attributes:
        flag: its name.
        key: what the work is about.
        variant: ``native`` or ``classic``; a file may name others, which mean classic.
        reason: why, in OpenFeature's words.
        source: where the answer is from: override, redis, file, copy or default.
        shadow: the comparison of both engines where the answer is classic; None without one.
    """

    flag: str
    key: str
    variant: str
    reason: Reason
    source: str
    shadow: Shadow | None = None

    @property
    def is_native(self) -> bool:
        """Tell whether the native engine is to run."""
        return self.variant == NATIVE
