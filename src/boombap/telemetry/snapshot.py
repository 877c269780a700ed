"""The files in which short commands leave their metrics, one per command, in Prometheus' text format 0.0.4.

A run adds its counts to those of the runs before it: it reads the file, writes a temporary one and renames it, under a
lock, so that neither a crash nor a second run loses a count. A file that cannot be read counts as none. Losing metrics
never fails a command: one that does not get the lock in time leaves a byte in a file beside, which the next one counts.
Source: prometheus.io, "Exposition formats", text-based format.
"""

from __future__ import annotations

import os
import re
import time
from contextlib import contextmanager

from boombap.errors import ExternalError
from boombap.filelock import lock_within
from boombap.private import make_folder
from boombap.telemetry.catalogue import RUNS_LOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from boombap.telemetry.catalogue import Metric
    from boombap.telemetry.instruments import Meter, Value

    Named = tuple[tuple[str, str], ...]
    Sample = tuple[str, Named, float]
    Samples = dict[tuple[str, Named], float]

SUFFIX = ".prom"
_SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)"')
_UNESCAPED = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
_MAX_BYTES = 4_000_000
# A process that was stopped keeps the lock for ever; no command may wait for it.
_LOCK_S = 0.2
_LOCK_STEP_S = 0.005


def leave(folder: Path, command: str, meter: Meter) -> bool:
    """Add the metrics of a run to the file of its command; return whether that worked."""
    lost = folder / f".{command}.lost"
    try:
        make_folder(folder)
        with _locked(folder / f".{command}.lock") as is_ours:
            if not is_ours:
                _note_loss(lost)
                return False
            _count_losses(lost, command, meter)
            path = folder / f"{command}{SUFFIX}"
            _write(_merged(read(path), meter), folder / f".{command}.part", path)
    except (OSError, ExternalError):
        return False
    return True


def _write(samples: Samples, part: Path, path: Path) -> None:
    # One name for all writers, since the lock is held: what a killed one left is overwritten.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines(samples))
    part.replace(path)


def _note_loss(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, b".")
    finally:
        os.close(descriptor)


def _count_losses(path: Path, command: str, meter: Meter) -> None:
    taken = path.with_name(f"{path.name}.taken")
    try:
        path.replace(taken)  # one that is noted from now on is the next run's
        meter.add(RUNS_LOST, taken.stat().st_size, command=command)
        taken.unlink()
    except FileNotFoundError:
        return


def read(path: Path) -> Samples:
    """Return the samples of one file; none for a file that is absent, too large or not what `leave` writes."""
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            text = file.read(_MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError):
        return {}
    if len(text) > _MAX_BYTES or not text.endswith("\n"):
        return {}
    try:
        return dict(map(_sample, text.removesuffix("\n").split("\n")))
    except ValueError:
        return {}


def lines(samples: Mapping[tuple[str, Named], float]) -> Iterator[str]:
    r"""Yield samples as lines, sorted.

    >>> list(lines({("a_total", (("path", 'say "\n"'),)): 2.0}))
    ['a_total{path="say \\"\\n\\""} 2']
    """
    for (name, labels), value in sorted(samples.items()):
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        yield f"{name}{{{inside}}} {value:.17g}" if inside else f"{name} {value:.17g}"


def expanded(metric: Metric, labels: tuple[str, ...], value: Value) -> Iterable[Sample]:
    """Yield a value as the samples that stand for it: one, or those of a histogram, whose buckets are cumulative."""
    named = tuple(zip(metric.labels, labels, strict=True))
    if not isinstance(value, list):
        yield metric.name, named, value
        return
    seen = 0.0
    for bound, count in zip((*metric.buckets, float("inf")), value[:-1], strict=True):
        seen += count
        yield f"{metric.name}_bucket", (*named, ("le", _bound(bound))), seen
    yield f"{metric.name}_count", named, seen
    yield f"{metric.name}_sum", named, value[-1]


def _merged(before: Samples, meter: Meter) -> Samples:
    replaced = {metric.name for metric, _, _ in meter if metric.kind in ("gauge", "info") and metric.is_whole}
    for metric in {metric for metric, _, _ in meter if metric.kind == "histogram"}:
        if _bounds(before, metric) not in (set(), {_bound(bound) for bound in (*metric.buckets, float("inf"))}):
            # The counts of other bounds cannot be told apart: the family starts over, as after a restart.
            replaced |= {f"{metric.name}_bucket", f"{metric.name}_count", f"{metric.name}_sum"}
    merged = {key: value for key, value in before.items() if key[0] not in replaced}
    for metric, labels, value in meter:
        adds = metric.kind in ("counter", "histogram")
        for name, named, amount in expanded(metric, labels, value):
            merged[name, named] = amount + (merged.get((name, named), 0.0) if adds else 0.0)
    return merged


def _bounds(samples: Samples, metric: Metric) -> set[str]:
    buckets = (labels for name, labels in samples if name == f"{metric.name}_bucket")
    return {text for labels in buckets for label, text in labels if label == "le"}


def _bound(bound: float) -> str:
    """Return a bound as Prometheus 3 stores it: always with a point."""
    return "+Inf" if bound == float("inf") else repr(float(bound))


def _sample(line: str) -> tuple[tuple[str, Named], float]:
    match = _SAMPLE.fullmatch(line)
    if match is None:
        raise ValueError(line)
    labels = tuple((name, _unescaped(text)) for name, text in _LABEL.findall(match[2] or ""))
    return (match[1], labels), float(match[3])


def _escaped(text: str) -> str:
    # A file name that is not UTF-8 holds half characters, which no file can.
    text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescaped(text: str) -> str:
    return re.sub(r'\\[\\"n]', lambda match: _UNESCAPED[match[0]], text)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Hold the lock for the block; yield False where another process did not give it up in time."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock_within(descriptor, _LOCK_S, time.sleep, step_s=_LOCK_STEP_S) is not None
    finally:
        os.close(descriptor)
