"""The collector over HTTP: /metrics, /probe, /readyz, a page for people at /; the server itself answers /healthz."""

from __future__ import annotations

import zlib
from functools import partial
from html import escape
from urllib.parse import parse_qs

from boombap.server.answer import TEXT, answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication

    from boombap.metrics.page import Page

    Render = Callable[[str, float], tuple[bytes, str]]
    """Takes the header Accept and the seconds that sources may take; returns a page and its content type."""

_HTML = "text/html; charset=utf-8"
# Prometheus ends a scrape at its own limit, and this much goes to the network and to writing the page.
_MARGIN_S = 0.25
_LEAST_S = 0.1
_GZIP = 16 + zlib.MAX_WBITS
_HEAD = "<!doctype html><meta charset=utf-8><title>boombap metrics</title><style>body{font:1rem system-ui;margin:2rem}\
td{padding:.2rem 1rem .2rem 0}</style><h1>boombap metrics</h1><p><a href=metrics>/metrics</a></p><table>"


def application(page: Page, timeout_s: float) -> WSGIApplication:
    """Return the collector; `timeout_s` is the longest wait for a source."""

    def serve(environ: Mapping[str, object], start: StartResponse) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if method not in {"GET", "HEAD"}:
            return answer(start, 405, b"only GET and HEAD\n", TEXT, [("Allow", "GET, HEAD")])
        if path == "/metrics":
            return _metrics(page.render, environ, start, timeout_s)
        if path == "/probe":
            return _probe(page, environ, start, timeout_s)
        if path == "/readyz":
            return answer(start, 200, b"ready\n", TEXT)
        if path == "/":
            return answer(start, 200, _landing(page).encode(), _HTML)
        return answer(start, 404, b"only /metrics, /probe, /healthz, /readyz and /\n", TEXT)

    return serve


def _probe(page: Page, environ: Mapping[str, object], start: StartResponse, timeout_s: float) -> Iterable[bytes]:
    """Answer for one source; a request may name one of those that are configured, and never an address."""
    names = parse_qs(str(environ.get("QUERY_STRING", ""))).get("target", [])
    source = next((source for source in page.sources if [source.name] == names), None)
    if source is None:
        known = ", ".join(source.name for source in page.sources) or "none: no source is configured"
        status, what = (404, "the target is not known") if len(names) == 1 else (400, "one target is needed")
        return answer(start, status, f"{what}; known are {known}\n".encode(), TEXT)
    return _metrics(partial(page.render_source, source), environ, start, timeout_s)


def _metrics(render: Render, environ: Mapping[str, object], start: StartResponse, timeout_s: float) -> Iterable[bytes]:
    limit_s = min(timeout_s, _allowed_s(environ))
    body, kind = render(str(environ.get("HTTP_ACCEPT", "")), limit_s)
    if "gzip" not in str(environ.get("HTTP_ACCEPT_ENCODING", "")):
        return answer(start, 200, body, kind)
    packer = zlib.compressobj(1, wbits=_GZIP)
    packed = packer.compress(body) + packer.flush()
    return answer(start, 200, packed, kind, [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")])


def _allowed_s(environ: Mapping[str, object]) -> float:
    """Return how long a scrape may take, as Prometheus says with each one."""
    try:
        return max(_LEAST_S, float(str(environ["HTTP_X_PROMETHEUS_SCRAPE_TIMEOUT_SECONDS"])) - _MARGIN_S)
    except (KeyError, ValueError):
        return float("inf")


def _landing(page: Page) -> str:
    rows = []
    for source in page.sources:
        last = source.last
        state = "not asked yet" if last is None else "up" if last.is_up else f"down: {last.error}"
        took = "" if last is None else f"{1000 * last.seconds:.0f} ms"
        rows.append(f"<tr><td>{escape(source.name)}<td>{escape(state)}<td>{took}")
    return f"{_HEAD}{''.join(rows) or '<tr><td>no source is configured'}</table>\n"
