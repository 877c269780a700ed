"""A response of the emulator before it is sent, and what a fault does to it: a refusal, or a body that is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from boombap.server.answer import status_line
from boombap.spotify.emulate.catalogue import other_id
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.spotify.emulate.faults import Then

_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_OK, _LIMITED = 200, 429


class Response(NamedTuple):
    """What is sent.

    Attributes:
        kind: the Content-Type.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    kind: str = "application/json; charset=utf-8"


def error(status: int, message: str, *headers: tuple[str, str]) -> Response:
    """Return an error as the Web API words it."""
    return Response(status, orjson.dumps({"error": {"status": status, "message": message}}), headers)


def quota_exceeded(status: int = _LIMITED, message: str = "") -> Response:
    """Return what is said when the account has used up its requests."""
    message = message or "The quota of the developer account is used up"
    return Response(status, orjson.dumps({"error": {"status": status, "message": message, "reason": "QUOTA_EXCEEDED"}}))


def refusal(then: Then) -> Response | None:
    """Return the refusal that a fault stands for; None for a fault that changes the response."""
    if then.kind == "html":
        return Response(then.status, _HTML.format(status_line(then.status)).encode(), kind="text/html")
    if then.kind == "quota":
        return quota_exceeded(then.status, then.message)
    return error(then.status, then.message or "Something went wrong") if then.kind == "json" else None


def damaged(response: Response, kind: str, mode: Mode) -> Response:
    """Return the response as a fault of the kind leaves it."""
    change = _CHANGES.get(kind)
    return change(response, mode) if change else response


def _malformed(response: Response, _: Mode) -> Response:
    return response._replace(body=response.body[:-1] + b',"}')


def _truncated(response: Response, _: Mode) -> Response:
    return response._replace(body=response.body[: len(response.body) // 2])


def _nulled(response: Response, _: Mode) -> Response:
    """Return null for every entry of a list; a single thing is not there."""
    if response.status != _OK:
        return response
    body = orjson.loads(response.body)
    for value in body.values():
        entries = value if isinstance(value, list) else value.get("items") if isinstance(value, dict) else None
        if entries and isinstance(entries[0], dict) and "id" not in body:
            entries[:] = [None] * len(entries)
            return response._replace(body=orjson.dumps(body))
    return error(404, "Resource not found")


def _relinked(response: Response, mode: Mode) -> Response:
    """Return every track under another id; development mode does not say from which one."""
    if response.status != _OK:
        return response
    body = orjson.loads(response.body)
    tracks = body["tracks"] if isinstance(body.get("tracks"), list) else [body]
    for track in tracks:
        if not track or track.get("type") != "track":
            continue
        names = ("external_urls", "href", "id", "type", "uri")
        origin = {name: track[name] for name in names}
        new = other_id(track["id"])
        track.update(orjson.loads(orjson.dumps(origin).replace(origin["id"].encode(), new.encode())))
        track.update({"is_playable": True} | ({} if mode is Mode.DEVELOPMENT else {"linked_from": origin}))
    return response._replace(body=orjson.dumps(body))


_CHANGES: dict[str, Callable[[Response, Mode], Response]] = {
    "malformed": _malformed,
    "truncated": _truncated,
    "null": _nulled,
    "relink": _relinked,
}
