"""Every metric of the suite, declared once; instruments, collector, alert rules and dashboards all read it.

Names follow the guide "Metric and label naming" of Prometheus: base units as suffix, `_total` for counters; labels have
few values. It lists what a tool counts itself, and what the collector asks for at scrape time.
"""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["counter", "gauge", "histogram", "info"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metric(Record):
    """One metric.

    Attributes:
        name: as it is exposed, without the suffixes that a histogram's samples add.
        help: one phrase; the unit is in the name.
        labels: names of its labels, in the order of exposition.
        buckets: upper bounds of a histogram, ascending, without infinity.
        is_whole: of a gauge or an info metric: whether what a run sets replaces all its earlier label sets, as a list
            of findings does, or only the same ones.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    is_whole: bool = True


RUNS = Metric(
    "boombap_command_runs_total", "counter", "Runs of a command by exit code", ("command", "action", "exit_code")
)
RUN_SECONDS = Metric(
    "boombap_command_seconds", "histogram", "Duration of a command", ("command", "action"), (*_SECONDS, 60.0, 600.0)
)
LAST_SUCCESS = Metric(
    "boombap_command_last_success_timestamp_seconds",
    "gauge",
    "When a command last ended with exit code 0, Unix time",
    ("command", "action"),
    is_whole=False,
)
RUNS_LOST = Metric(
    "boombap_command_runs_lost_total",
    "counter",
    "Runs whose metrics could not be written, because the file of the command was locked",
    ("command",),
)

CATALOGUE: tuple[Metric, ...] = (RUNS, RUN_SECONDS, LAST_SUCCESS, RUNS_LOST)
