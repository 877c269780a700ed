"""A clock that goes when it is told to."""

from __future__ import annotations


class Clock:
    """Seconds that a test moves on; `sleep` is a wait that takes no time."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds
