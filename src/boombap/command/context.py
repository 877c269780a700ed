"""What one run of an action works with."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from contextlib import ExitStack

    from boombap.config.model import Config
    from boombap.interrupt import Interrupt
    from boombap.output.terminal import Terminal
    from boombap.telemetry.instruments import Meter


class RunContext(Record):
    """The arguments of a run, and what it may use.

    Attributes:
        args: what the command line says.
        config: every setting, with what the command line sets.
        terminal: where answers, notes and progress go.
        interrupt: is set when the run is asked to end.
        stack: closes what the action opens, in reverse order, when it is over.
        meter: takes what the tool counts, for the collector.
    """

    args: Namespace
    config: Config
    terminal: Terminal
    interrupt: Interrupt
    stack: ExitStack
    meter: Meter
