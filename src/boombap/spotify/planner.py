"""Which request to spend next: turns wanted tracks into asks, and the replies into verdicts.

A state machine that knows nothing of HTTP. What goes in and out (`Ask`, `Reply`, `Refusal`) stands in `model.py`. The
pipeline's loop is::

    planner = Planner(Mode.EXTENDED)
    planner.add(wanted, now_s)                        # any number, at any time
    planner.finish()                                  # no more will come: half-filled batches go out at once
    for ask in planner.next_requests(20, now_s): ...  # at most so many; empty when it waits for replies or for time
    for match in planner.answer(ask, reply_or_refusal): ...   # each wanted track comes out exactly once
    planner.wakes_at_s                                # when a half-filled batch falls due; None when nothing waits
    planner.is_idle                                   # nothing waits and nothing is open

A refusal `FORBIDDEN` of a batch switches the planner to development mode by itself (`planner.mode`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.spotify.model import Ask, Match, Mode, Refusal, Reply, Track, Wanted


class Planner:
    """Wanted tracks between the source and the Web API.

    Attributes:
        mode: how the app may ask; changes once, when a batch is forbidden.
        seen: tracks that came along with a reply and that nobody waited for, since they were last taken: worth caching.
    """

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.seen: list[Track] = []

    def add(self, wanted: Iterable[Wanted], now_s: float) -> None:
        """Take in tracks; the same row twice counts once."""
        raise NotImplementedError

    def finish(self) -> None:
        """Say that no more tracks will come."""
        raise NotImplementedError

    def next_requests(self, most: int, now_s: float) -> list[Ask]:
        """Give up to `most` requests that are worth sending now, the most pressing first."""
        raise NotImplementedError

    def answer(self, ask: Ask, reply: Reply | Refusal) -> list[Match]:
        """Take a reply to an open ask and give the verdicts that follow from it."""
        raise NotImplementedError

    @property
    def wakes_at_s(self) -> float | None:
        """When a half-filled batch falls due."""
        raise NotImplementedError

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is open."""
        raise NotImplementedError
