"""One page of metrics: what runs left, what the sources say now, and the collector itself; in Prometheus' two formats.

Every page is made of fresh families, so that no label outlives its thing. What the catalogue does not know is left out,
and of two samples with one name and one set of labels the first counts: a page that Prometheus refuses helps nobody.
"""

from __future__ import annotations

import platform

from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder

from boombap import __version__
from boombap.metrics.sources import look
from boombap.telemetry import catalogue, snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from boombap.metrics.sources import Source
    from boombap.telemetry.catalogue import Metric

    Sample = tuple[str, tuple[tuple[str, str], ...], float]
    """Name, labels and value."""

_MOST_FILES = 200
_SUFFIXES = {"histogram": ("_bucket", "_count", "_sum")}


class Page:
    """Makes the page at each scrape.

    Args:
        sources: what is asked.
        folder: where runs leave their files.
    """

    def __init__(self, sources: Sequence[Source], folder: Path) -> None:
        self.sources = sources
        self.folder = folder

    def render(self, accept: str, limit_s: float) -> tuple[bytes, str]:
        """Return the page and its content type.

        Args:
            accept: the header of the request, which chooses the format.
            limit_s: how long sources may take.
        """
        return _encoded(self._samples(limit_s), accept)

    def families(self, limit_s: float) -> list[Family]:
        """Return what the page is made of; sources may take `limit_s` seconds."""
        return list(_families(self._samples(limit_s)))

    def render_source(self, source: Source, accept: str, limit_s: float) -> tuple[bytes, str]:
        """Return the part of the page that one source says, and its content type; a scrape of both shares one look."""
        return _encoded(_asked([source], limit_s), accept)

    def _samples(self, limit_s: float) -> Iterator[Sample]:
        yield from _asked(self.sources, limit_s)
        yield from _left(self.folder)
        build = (("version", __version__), ("python", platform.python_version()))
        yield catalogue.BUILD.name, build, 1.0


def _encoded(samples: Iterable[Sample], accept: str) -> tuple[bytes, str]:
    encoder, content_type = choose_encoder(accept)
    return encoder(_Collected(list(_families(samples)))), content_type


def _asked(sources: Iterable[Source], limit_s: float) -> Iterator[Sample]:
    for source, reading in look(sources, limit_s):
        yield catalogue.SOURCE_UP.name, (("source", source.name),), float(reading.is_up)
        yield catalogue.SOURCE_SECONDS.name, (("source", source.name),), reading.seconds
        for metric, labels, value in reading.figures:
            yield metric.name, tuple(zip(metric.labels, labels, strict=True)), float(value)


def _left(folder: Path) -> Iterator[Sample]:
    """Yield what runs left, and how many files there are."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == snapshot.SUFFIX)
    except OSError:
        files = []
    unread = max(0, len(files) - _MOST_FILES)
    for file in files[:_MOST_FILES]:
        samples = snapshot.read(file)
        unread += not samples
        yield from ((name, labels, value) for (name, labels), value in samples.items())
    yield catalogue.SNAPSHOTS.name, (("state", "read"),), float(len(files) - unread)
    yield catalogue.SNAPSHOTS.name, (("state", "unread"),), float(unread)


def _families(samples: Iterable[Sample]) -> Iterator[Family]:
    by_name = {name: metric for metric in catalogue.CATALOGUE for name in _sample_names(metric)}
    families: dict[str, Family] = {}
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for name, labels, value in samples:
        metric, identity = by_name.get(name), (name, frozenset(labels))
        if metric is None or identity in seen:
            continue
        seen.add(identity)
        if metric.name not in families:
            # A family of counters has their name without the suffix; the format for Prometheus 2 puts it on again.
            family_name = metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name
            families[metric.name] = Family(family_name, metric.help, metric.kind)
        families[metric.name].add_sample(name, dict(labels), value)
    for name in sorted(families):
        families[name].samples.sort(key=_place)
        yield families[name]


def _place(sample: object) -> tuple[object, ...]:
    """Return where a sample is in its family: those of one set of labels together, the buckets by their bound."""
    name, labels = sample.name, dict(sample.labels)  # type: ignore[attr-defined]  # prometheus_client's named tuple
    bound = float(labels.pop("le", "inf"))
    return sorted(labels.items()), not name.endswith("_bucket"), bound, name


def _sample_names(metric: Metric) -> list[str]:
    return [metric.name + suffix for suffix in _SUFFIXES.get(metric.kind, ("",))]


class _Collected:
    """What the encoders of prometheus_client ask for: something that is collected."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families
