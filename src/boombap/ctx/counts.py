"""What `ctx` counts for the collector: questions by what they found, and how long they took."""

from __future__ import annotations

import time

from boombap.errors import EXIT_FINDINGS, EXIT_NO_VERDICT, EXIT_OK, Interrupted, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boombap.command.context import RunContext
    from boombap.telemetry.instruments import Meter

_FAILED = "failed"
_RESULTS = {EXIT_OK: "found", EXIT_FINDINGS: "nothing", EXIT_NO_VERDICT: "unknown"}


def counted(action: Callable[[RunContext], int]) -> Callable[[RunContext], int]:
    """Return an action whose runs are counted; not those that a usage error, Ctrl-C or the reader ended."""

    def run(context: RunContext) -> int:
        started_s, result = time.monotonic(), _FAILED
        try:
            code = action(context)
            result = _RESULTS.get(code, _FAILED)
        except (Interrupted, UsageError, BrokenPipeError):
            result = ""
            raise
        finally:
            if result:
                _count(context.meter, "command", result, time.monotonic() - started_s)
        return code

    return run


def count_call(meter: Meter, report: dict[str, Any], rows: str, seconds: float) -> None:
    """Count a call of an assistant.

    Args:
        meter: of the server.
        report: the last one of the process that answered.
        rows: the key of the list in its answer.
        seconds: from the start of the process.
    """
    answer = report.get("answer")
    if answer is None:
        result = _FAILED
    elif answer[rows]:
        result = "found"
    else:
        result = "unknown" if answer["notes"] else "nothing"
    _count(meter, "assistant", result, seconds)


def _count(meter: Meter, client: str, result: str, seconds: float) -> None:
    from boombap.telemetry.catalogue import CTX_SEARCH_SECONDS, CTX_SEARCHES

    meter.add(CTX_SEARCHES, client=client, result=result)
    meter.observe(CTX_SEARCH_SECONDS, seconds, client=client)
