"""What a run has done so far: the pipeline counts, the report shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from boombap.spotify.model import STORED, Outcome, Rejection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boombap.spotify.model import Endpoint, Match


class RunStatistics:
    """What a run has done so far.

    Attributes:
        outcomes: tracks by their outcome.
        hits: tracks that the cache answered.
        stored_hits: tracks that the stored tracks answered.
        requests: sent to the Web API, by kind; tokens not among them.
        retries: requests sent again.
        failures: requests and entries that were given up, by endpoint and status; not by address.
        refused_ids: ids that the Web API refuses, likewise.
    """

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.hits = self.stored_hits = 0
        self.requests: Counter[Endpoint] = Counter()
        self.retries = 0
        self.failures: Counter[str] = Counter()
        self.refused_ids: Counter[str] = Counter()

    def count_known(self, matches: Sequence[Match]) -> None:
        """Count verdicts for which Spotify was not asked."""
        stored = sum(match.reasons[-1:] == (STORED,) for match in matches)
        self.stored_hits += stored
        self.hits += len(matches) - stored

    def count_rejection(self, rejection: Rejection, reason: str) -> None:
        """Count one request or id that has no answer."""
        counts = self.refused_ids if rejection is Rejection.NOT_FOUND else self.failures
        counts[reason] += 1

    @property
    def failed(self) -> int:
        """Return the tracks that were given up: nothing is stored about them."""
        return self.outcomes[Outcome.FAILED]

    @property
    def tracks(self) -> int:
        """Return the tracks that have a verdict."""
        return self.outcomes.total()
