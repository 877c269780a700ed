"""What a run has done so far: the pipeline counts, the report shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boombap.spotify.model import Endpoint, Outcome


class RunStatistics:
    """What a run has done so far.

    Attributes:
        outcomes: tracks by their outcome.
        hits: tracks that the cache answered.
        requests: sent to the Web API, by kind; tokens not among them.
        retries: requests sent again.
        failures: the errors that tracks were given up for, by message.
        refused_ids: ids that the Web API refuses, by what it said.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.hits = 0
        self.requests: Counter[Endpoint] = Counter()
        self.retries = 0
        self.failures: Counter[str] = Counter()
        self.refused_ids: Counter[str] = Counter()

    @property
    def tracks(self) -> int:
        """Return the tracks that have a verdict."""
        return self.outcomes.total()
