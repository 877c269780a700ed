"""The verdicts over HTTP: /admission for API servers, /verdict/DIGEST, /hooks/argocd, and /metrics."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from boombap.deps.admission import counts
from boombap.deps.admission.hook import BadEvent, answer_event
from boombap.deps.admission.review import BadReview, decide, read_review
from boombap.deps.verdicts.image import parse_digest
from boombap.deps.verdicts.report import verdict_object
from boombap.errors import BoombapError, UsageError
from boombap.log import logger
from boombap.output.encode import to_json
from boombap.record import Record
from boombap.server.answer import TEXT, answer
from boombap.telemetry.catalogue import DEPS_ADMISSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from boombap.deps.admission.lookup import Lookup
    from boombap.deps.admission.review import Answer, Review
    from boombap.deps.admission.sender import Senders
    from boombap.telemetry.instruments import Meter

    Reply = tuple[int, object]

_VERDICT = "/verdict/"
_LOG = "boombap.deps.admission"


class Service(Record):
    """What the requests are answered with.

    Attributes:
        lookup: the verdicts.
        senders: who may call the hook; None when nobody may.
        meter: counts the decisions of this process.
        break_glass_max_s: how far from now the end of break glass may be.
        clock: Unix time.
    """

    lookup: Lookup
    senders: Senders | None
    meter: Meter
    break_glass_max_s: float
    clock: Callable[[], float] = time.time


def with_verdicts(
    service: Service, other: WSGIApplication, protect: Callable[[WSGIApplication], WSGIApplication]
) -> WSGIApplication:
    """Return the service of the verdicts in front of another one, which answers all other paths.

    Args:
        service: what the requests are answered with.
        other: answers every other path.
        protect: wraps what needs the token of the service. API servers send none, and the hook has its own.
    """
    open_paths = {"/admission": _admission, "/hooks/argocd": _hook}
    guarded = protect(_guarded(service, other))

    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        run = open_paths.get(environ["PATH_INFO"])
        if run is None:
            return guarded(environ, start)
        if environ["REQUEST_METHOD"] != "POST":
            return _refuse(start, 405, "the method must be POST", [("Allow", "POST")])
        status, found = run(service, environ)
        return answer(start, status, json.dumps(found).encode())

    return serve


def _guarded(service: Service, other: WSGIApplication) -> WSGIApplication:
    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if path == "/metrics" and method in ("GET", "HEAD"):
            return answer(start, 200, counts.page(service.meter, service.lookup, service.clock()).encode(), TEXT)
        if path.startswith(_VERDICT) and method in ("GET", "HEAD"):
            status, found = _verdict(service, path.removeprefix(_VERDICT))
            return answer(start, status, to_json(found).encode())
        return other(environ, start)

    return serve


def _admission(service: Service, environ: WSGIEnvironment) -> Reply:
    started_s = time.perf_counter()
    try:
        review = read_review(_json(environ))
        given = decide(review, service.lookup, service.clock(), service.break_glass_max_s)
    except ValueError as error:
        service.meter.add(DEPS_ADMISSIONS, result="malformed")
        return 400, {"message": str(error) if isinstance(error, BadReview) else "the body is not valid JSON"}
    counts.count(service.meter, given, time.perf_counter() - started_s)
    _note(review, given)
    return 200, given.to_object()


def _note(review: Review, given: Answer) -> None:
    """Log what was refused, and always what was let in by the annotation; as ASCII, since others wrote it."""
    if given.result == "allowed":
        return
    who = f"{review.kind} in {review.namespace!a} of {review.user!a}"
    if given.break_glass:
        logger(_LOG).warning("break glass: %s: reason %a; would be refused: %a", who, given.break_glass, given.message)
    else:
        logger(_LOG).warning("%s: %s: %a", given.result, who, given.message)


def _verdict(service: Service, text: str) -> Reply:
    try:
        found = service.lookup.verdict(parse_digest(text))
    except UsageError as error:
        return 400, {"message": str(error)}
    except BoombapError as error:
        return 503, {"message": str(error)}
    if found is None:
        return 404, {"message": "no verdict is recorded for this digest"}
    return 200, verdict_object(found, service.clock())


def _hook(service: Service, environ: WSGIEnvironment) -> Reply:
    if service.senders is None:
        return 401, {"message": "the hook is closed: deps.hook_token is not configured"}
    body = _body(environ)
    if refusal := service.senders.refusal(environ, body, service.clock()):
        logger(_LOG).warning("/hooks/argocd: a request from %s was refused: %s", environ.get("REMOTE_ADDR"), refusal)
        return 401, {"message": refusal}
    try:
        return 200, answer_event(_parsed(body), service.lookup, service.clock())
    except ValueError as error:
        return 400, {"message": str(error) if isinstance(error, BadEvent) else "the body is not valid JSON"}


def _json(environ: WSGIEnvironment) -> object:
    return _parsed(_body(environ))


def _parsed(body: bytes) -> object:
    import orjson

    found: object = orjson.loads(body)
    return found


def _body(environ: WSGIEnvironment) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _refuse(start: StartResponse, status: int, message: str, headers: list[tuple[str, str]]) -> list[bytes]:
    return answer(start, status, json.dumps({"message": message}).encode(), headers=headers)
