"""Asks a real Prometheus every query of dashboards and rules: what fails, what is empty, and which name nobody exports.

Source: prometheus.io, "HTTP API": /api/v1/query, /api/v1/label/__name__/values, /api/v1/targets.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

from boombap.errors import ExternalError, QueryFailed
from boombap.metrics.expressions import integer_bounds, names
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from boombap.clients.http.multi import Client
    from boombap.metrics.expressions import Query

_NO_HTTP = ("malformed HTTP", "server gave HTTP response", "EOF", "connection reset")


class Fault(Record):
    """What is wrong with a query, or with a scrape job.

    Attributes:
        kind: ``unknown``, ``empty``, ``error``, ``bound`` or ``target``.
        place: the file with the dashboard and panel, or the group and rule; the job of a target.
        detail: one sentence.
        expr: the query; empty for a target.
    """

    kind: str
    place: str
    detail: str
    expr: str = ""


class Prometheus:
    """The HTTP API of one server.

    Args:
        url: without a slash at the end.
        client: sends the requests.
    """

    def __init__(self, url: str, client: Client) -> None:
        self._url = url.rstrip("/")
        self._client = client

    def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        """Return the data of an answer.

        Raises:
            QueryFailed: with the reason that Prometheus gives.
            ExternalError: when it does not answer as Prometheus does.
        """
        from boombap.clients.http.exchange import Request, origin

        url = f"{self._url}/api/v1/{path}"
        response = self._client.fetch(Request("GET", f"{url}?{urlencode(parameters)}" if parameters else url))
        try:
            answer = json.loads(response.body)
            if answer["status"] == "success":
                return answer["data"]
            reason = str(answer["error"])
        except (ValueError, KeyError, TypeError):
            raise ExternalError(
                f"{origin(url)} does not answer as Prometheus does (status {response.status})",
                hint="check --prometheus",
            ) from None
        raise QueryFailed(reason)


def verify(queries: Iterable[Query], prometheus: Prometheus) -> Iterator[Fault]:
    """Yield every fault of the queries, and of the targets of the server.

    Raises:
        ExternalError: when Prometheus does not answer.
    """
    known = set(prometheus.ask("label/__name__/values"))
    for query in queries:
        if fault := _fault(query, known, prometheus):
            yield fault
    for target in prometheus.ask("targets", state="active").get("activeTargets", ()):
        last_error = str(target.get("lastError", ""))
        if target.get("health") == "down" and any(sign in last_error for sign in _NO_HTTP):
            job, url = target.get("labels", {}).get("job", "?"), target.get("scrapeUrl", "?")
            yield Fault("target", f"scrape job {job}", f"{url} does not answer in HTTP: is it the port of an exporter")


def _fault(query: Query, known: set[str], prometheus: Prometheus) -> Fault | None:
    """Return what is wrong with a query, the nearest cause first; None when series answer it."""
    place = f"{query.file}: {query.place}"
    try:
        result = prometheus.ask("query", query=query.asked).get("result")
    except QueryFailed as error:
        return Fault("error", place, str(error), query.expr)
    if bounds := integer_bounds(query.expr):
        return Fault("bound", place, f'le="{bounds[0]}" is "{bounds[0]}.0" for Prometheus 3', query.expr)
    if strangers := sorted(names(query.asked) - known):
        detail = "; ".join(f"nobody exports {_told(name, known)}" for name in strangers)
        return Fault("unknown", place, detail, query.expr)
    return None if result or query.is_condition else Fault("empty", place, "no series answers it", query.expr)


def _told(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, known, n=1, cutoff=0.75)
    return f"{name}, but {nearest[0]}" if nearest else name
