"""The plain way to write and to serve metrics: prometheus_client over the samples of the page.

What its own HTTP server cannot do: ask for a token, so it listens on this machine only; `/probe`, `/healthz` and the
page for people, in whose place it has the metrics too; Prometheus' own time limit, so each scrape may take as long as
is configured; and it has no limit on connections.
"""

from __future__ import annotations

from contextlib import contextmanager

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from boombap.errors import ExternalError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from boombap.metrics.page import Families, Page

_LOOPBACK = ("127.0.0.1", "::1")


def encode(families: Families, accept: str) -> tuple[bytes, str]:
    """Return a page and its content type, in the format that the header Accept asks for."""
    registry = CollectorRegistry()
    registry.register(_Samples(lambda: families))
    encoder, kind = choose_encoder(accept)
    return encoder(registry), kind


@contextmanager
def running(page: Page, limit_s: float, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve the page while the block runs, and yield its address.

    Args:
        page: whose samples are served.
        limit_s: how long sources may take, in seconds.
        host: this machine, ``127.0.0.1`` or ``::1``.
        port: 0 for any that is free.

    Raises:
        UsageError: for any other host.
        ExternalError: when the port is in use or may not be used.
    """
    if host not in _LOOPBACK:
        raise UsageError(f"the classic engine does not listen on {host}", hint="it asks for no token: use 127.0.0.1")
    registry = CollectorRegistry()
    registry.register(_Samples(lambda: page.families(limit_s)))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise ExternalError(f"cannot listen on {host}, port {port}: {error.strerror}") from None
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Samples(Collector):
    """The page as prometheus_client collects it; it describes nothing, as sources are asked at a scrape only."""

    def __init__(self, families: Callable[[], Families]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        for metric, samples in self._families():
            # Counters are named without their suffix here; the library puts it on again.
            name = metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name
            family = Family(name, metric.help, metric.kind)
            for sample, labels in sorted(samples, key=_place):
                family.add_sample(sample, dict(labels), samples[sample, labels])
            yield family


def _place(key: tuple[str, tuple[tuple[str, str], ...]]) -> tuple[object, ...]:
    """Return where a sample is: those of one set of labels together, the buckets of a histogram by their bound."""
    name, labels = key
    bound = next((float(text) for label, text in labels if label == "le"), float("inf"))
    return [label for label in labels if label[0] != "le"], bound, name
