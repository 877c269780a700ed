"""The files in which short commands leave their metrics, one per command, in Prometheus' text format 0.0.4.

A run adds its counts to those of the runs before it: it reads the file, writes a temporary one and renames it, under a
lock, so that neither a crash nor a second run loses a count. A file that cannot be read counts as none. Losing metrics
never fails a command.
Source: prometheus.io, "Exposition formats", text-based format.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager

from boombap.errors import ExternalError
from boombap.filelock import lock
from boombap.private import make_folder

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


def leave(folder: Path, command: str, meter: Meter) -> bool:
    """Add the metrics of a run to the file of its command; return whether that worked."""
    try:
        make_folder(folder)
        with _locked(folder / f".{command}.lock"):
            path = folder / f"{command}{SUFFIX}"
            merged = _merged(read(path), meter)
            beside = folder / f".{command}.{os.getpid()}"
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines(merged))
            beside.replace(path)
    except (OSError, ExternalError):
        return False
    return True


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
        yield f"{metric.name}_bucket", (*named, ("le", "+Inf" if bound == float("inf") else f"{bound:g}")), seen
    yield f"{metric.name}_count", named, seen
    yield f"{metric.name}_sum", named, value[-1]


def _merged(before: Samples, meter: Meter) -> Samples:
    merged = dict(before)
    replaced = {metric.name for metric, _, _ in meter if metric.kind in ("gauge", "info")}
    for key in [key for key in merged if key[0] in replaced]:
        del merged[key]
    for metric, labels, value in meter:
        adds = metric.kind in ("counter", "histogram")
        for name, named, amount in expanded(metric, labels, value):
            merged[name, named] = amount + (merged.get((name, named), 0.0) if adds else 0.0)
    return merged


def _sample(line: str) -> tuple[tuple[str, Named], float]:
    match = _SAMPLE.fullmatch(line)
    if match is None:
        raise ValueError(line)
    labels = tuple((name, _unescaped(text)) for name, text in _LABEL.findall(match[2] or ""))
    return (match[1], labels), float(match[3])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _unescaped(text: str) -> str:
    return re.sub(r'\\[\\"n]', lambda match: _UNESCAPED[match[0]], text)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        lock(descriptor)
        yield
    finally:
        os.close(descriptor)
