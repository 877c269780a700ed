"""Runs of both engines, as the tools leave them."""

from __future__ import annotations

import os
import time
from pathlib import Path

from boombap.flags.outcomes import Outcome, Outcomes, added, change


def leave(flag: str, engine: str, count: int, *, took_s: float = 0.1, failed: int = 0, ago_s: float = -0.01) -> None:
    """Add outcomes to the state folder of the test: of now, or of `ago_s` seconds before."""
    state = Path(os.environ["XDG_STATE_HOME"]) / "boombap"
    outcomes = [
        Outcome(time.time() - ago_s, took_s * (1 + number % 7 / 10), is_failure=number < failed)
        for number in range(count)
    ]

    def add(kept: Outcomes) -> Outcomes:
        for outcome in outcomes:
            kept = kept.replace(**{engine: added(getattr(kept, engine), outcome)})
        return kept

    assert change(state, flag, add, limit_s=5)
