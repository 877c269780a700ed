"""One page of metrics: what runs left, what the sources say now, and the collector itself; in Prometheus' two formats.

Every page is made of fresh families, so that no label outlives its thing. What the catalogue does not know is left out,
and of two samples with one name and one set of labels the first counts: a page that Prometheus refuses helps nobody.
"""

from __future__ import annotations

import platform

from boombap import __version__
from boombap.metrics import exposition
from boombap.metrics.sources import look
from boombap.telemetry import catalogue, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from boombap.metrics.exposition import Labels, Samples
    from boombap.metrics.sources import Source
    from boombap.telemetry.catalogue import Metric

    Sample = tuple[str, tuple[tuple[str, str], ...], float]
    """Name, labels and value."""
    Families = Sequence[tuple[Metric, Samples]]
    Encode = Callable[[Families, str], tuple[bytes, str]]
    """Takes what a page is made of and the header Accept; returns the page and its content type."""

_MOST_FILES = 200
_ZEROS: tuple[Sample, ...] = tuple(
    sample
    for metric in catalogue.CATALOGUE
    for values in metric.from_start
    for sample in snapshot.expanded(metric, values, [0.0] * (len(metric.buckets) + 2) if metric.buckets else 0.0)
)
"""What nothing has counted yet; of two samples the first counts, and these come last."""

_METRICS = {name: metric for metric in catalogue.CATALOGUE for name in exposition.sample_names(metric)}


def encode(families: Families, accept: str) -> tuple[bytes, str]:
    """Return a page and its content type, in the format that the header Accept asks for."""
    openmetrics = exposition.is_openmetrics(accept)
    body = exposition.page(families, openmetrics=openmetrics)
    return body, exposition.OPENMETRICS if openmetrics else exposition.PLAIN


class Page:
    """Makes the page at each scrape.

    Args:
        sources: what is asked.
        folder: where runs leave their files.
        encode: writes what the page is made of.
    """

    def __init__(self, sources: Sequence[Source], folder: Path, encode: Encode = encode) -> None:
        self.sources = sources
        self.folder = folder
        self._encode = encode
        self._files: dict[Path, tuple[tuple[int, int, int], snapshot.Samples]] = {}

    def render(self, accept: str, limit_s: float) -> tuple[bytes, str]:
        """Return the page and its content type.

        Args:
            accept: the header of the request, which chooses the format.
            limit_s: how long sources may take.
        """
        return self._encode(self.families(limit_s), accept)

    def families(self, limit_s: float) -> list[tuple[Metric, Samples]]:
        """Return what the page is made of; sources may take `limit_s` seconds."""
        return _families(self._samples(limit_s))

    def render_source(self, source: Source, accept: str, limit_s: float) -> tuple[bytes, str]:
        """Return the part of the page that one source says, and its content type; a scrape of both shares one look."""
        return self._encode(_families(_asked([source], limit_s)), accept)

    def _samples(self, limit_s: float) -> Iterator[Sample]:
        yield from _asked(self.sources, limit_s)
        yield from self._left()
        build = (("version", __version__), ("python", platform.python_version()))
        yield catalogue.BUILD.name, build, 1.0
        yield from _ZEROS

    def _left(self) -> Iterator[Sample]:
        """Yield what runs left, and how many files there are."""
        try:
            files = sorted(file for file in self.folder.iterdir() if file.suffix == snapshot.SUFFIX)
        except OSError:
            files = []
        unread = max(0, len(files) - _MOST_FILES)
        self._files = {file: self._read(file) for file in files[:_MOST_FILES]}
        for _, samples in self._files.values():
            unread += not samples
            yield from ((name, labels, value) for (name, labels), value in samples.items())
        yield catalogue.SNAPSHOTS.name, (("state", "read"),), float(len(files) - unread)
        yield catalogue.SNAPSHOTS.name, (("state", "unread"),), float(unread)

    def _read(self, file: Path) -> tuple[tuple[int, int, int], snapshot.Samples]:
        """Return the samples of a file with its stamp; it is parsed again only when a run has replaced it."""
        try:
            status = file.stat()
        except OSError:
            return (0, 0, 0), {}
        stamp = status.st_ino, status.st_size, status.st_mtime_ns
        known = self._files.get(file)
        return known if known and known[0] == stamp else (stamp, snapshot.read(file))


def _asked(sources: Iterable[Source], limit_s: float) -> Iterator[Sample]:
    for source, reading in look(sources, limit_s):
        yield catalogue.SOURCE_UP.name, (("source", source.name),), float(reading.is_up)
        yield catalogue.SOURCE_SECONDS.name, (("source", source.name),), reading.seconds
        for metric, labels, value in reading.figures:
            yield metric.name, tuple(zip(metric.labels, labels, strict=True)), float(value)


def _families(samples: Iterable[Sample]) -> list[tuple[Metric, Samples]]:
    """Return the samples by metric, sorted by name; the first of two with one name and one set of labels counts."""
    families: dict[str, tuple[Metric, dict[tuple[str, Labels], float]]] = {}
    for name, labels, value in samples:
        metric = _METRICS.get(name)
        if metric is None:
            continue
        _, values = families.setdefault(metric.name, (metric, {}))
        values.setdefault((name, tuple(sorted(labels))), value)
    return [families[name] for name in sorted(families)]
