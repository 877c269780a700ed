"""The page of metrics in Prometheus' formats, written by the engine that the flag `metrics-engine` chooses.

Both write the same samples: sources are asked once, before. The flag is asked at each page, so that a collector that
runs for months follows it; what it decides is in the next page.
"""

from __future__ import annotations

import os

from boombap.errors import UsageError
from boombap.flags.engine import run
from boombap.flags.evaluation import opened
from boombap.metrics import page
from boombap.output.terminal import Terminal
from boombap.telemetry import snapshot
from boombap.telemetry.instruments import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boombap.command.context import RunContext
    from boombap.metrics.page import Encode, Families

_FLAG = "metrics-engine"
_COMMAND = "metrics"


def require(context: RunContext) -> None:
    """Import classic where the flag chooses it, before anybody scrapes.

    Raises:
        ModuleNotFoundError: when it is not installed.
        ConfigError: when `flags.redis` is not an address.
    """
    if not opened(context, is_counted=False).evaluate(_FLAG, _key()).is_native:
        _classic()


def encoder(context: RunContext, folder: Path) -> Encode:
    """Return what writes a page; threads may share it.

    Args:
        context: of the run.
        folder: where runs leave their metrics: a collector does not end, so it leaves each decision at once.
    """
    terminal = _NotesOnce(quiet=context.terminal.quiet)

    def encode(families: Families, accept: str) -> tuple[bytes, str]:
        meter = Meter()
        try:
            own = context.replace(meter=meter, terminal=terminal)
            native, classic = (lambda: page.encode(families, accept)), (lambda: _classic()(families, accept))
            return run(own, _FLAG, _key(), native, classic, may_fall_back=True, differ=_differences, work="page")
        except UsageError as error:  # the flag has changed since the start, to an engine that is not installed
            terminal.note(f"native writes the page: {error}")
            return page.encode(families, accept)
        finally:
            _leave(meter, context, folder)

    return encode


def _differences(classic: tuple[bytes, str], native: tuple[bytes, str]) -> list[str]:
    """Return the samples that only one page has, or has with another value, and content types that differ."""
    pages = [dict(_samples(page.decode())) for page, _ in (classic, native)]
    names = [name for name in {**pages[0], **pages[1]} if pages[0].get(name) != pages[1].get(name)]
    types = [] if classic[1] == native[1] else [f"content type: {classic[1]}, native {native[1]}"]
    return types + [f"{name}: {pages[0].get(name)}, native {pages[1].get(name)}" for name in names]


def _samples(page: str) -> Iterator[tuple[str, float]]:
    for line in page.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            yield name, float(value)


def _classic() -> Encode:
    from boombap.metrics.classic import encode

    return encode


def _key() -> str:
    return os.uname().nodename


def _leave(meter: Meter, context: RunContext, folder: Path) -> None:
    """Leave decisions for the next page; that nobody has configured the flag is counted when the run ends."""
    if any("DEFAULT" not in labels for _, labels, _ in meter):
        snapshot.leave(folder, _COMMAND, meter)
        return
    for metric, labels, amount in meter:
        assert isinstance(amount, float), "decisions are counters"
        context.meter.add(metric, amount, **dict(zip(metric.labels, labels, strict=True)))


class _NotesOnce(Terminal):
    """Notes a sentence the first time only: scrapes come every few seconds."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(quiet=quiet)
        self._noted: set[str] = set()

    def note(self, text: str) -> None:
        """Write a line for the person to stderr, unless it was written before."""
        if text not in self._noted:
            self._noted.add(text)
            super().note(text)
