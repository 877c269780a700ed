"""What a run leaves for the collector: that it was, how long it took, how it ended, and what its tool counted."""

from __future__ import annotations

import time

from boombap.errors import EXIT_OK
from boombap.telemetry import snapshot
from boombap.telemetry.catalogue import LAST_SUCCESS, RUN_SECONDS, RUNS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from boombap.command.dispatch import Ended

FOLDER = "metrics"


def record(command: str, ended: Ended, state: Path) -> None:
    """Add a run to the metrics of its command, below the folder of what is kept; losing them fails nothing."""
    meter, action = ended.meter, ended.action
    meter.add(RUNS, command=command, action=action, exit_code=str(ended.exit_code))
    meter.observe(RUN_SECONDS, ended.seconds, command=command, action=action)
    if ended.exit_code == EXIT_OK:
        meter.set(LAST_SUCCESS, time.time(), command=command, action=action)
    snapshot.leave(state / FOLDER, command, meter)
