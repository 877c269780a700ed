"""The messages of the Model Context Protocol: JSON-RPC 2.0 objects, and what the revisions ask of them.

Up to 2025-11-25 a client opens a session with `initialize`. From 2026-07-28 every request says its revision and the
client's capabilities itself, in `_meta`; the server keeps nothing of a client and sends it no requests. Each request
is answered as the revision that it says asks.

Source: modelcontextprotocol.io, specification 2025-06-18: Lifecycle; Utilities (Cancellation, Progress); specification
2026-07-28: Versioning, Discovery, Multi Round-Trip Requests, Caching; and the types of the official Python SDK 2.3.
"""

from __future__ import annotations

from boombap import __version__
from boombap.ctx.mcp.pages import to_text
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Identity = str | int
    Params = dict[str, Any]

HANDSHAKE_VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
STATELESS_VERSIONS = ("2026-07-28",)
PARSE, REQUEST, METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
NOT_ANSWERED = -32000
"""The call was taken and cannot be answered: too many wait, or stdin was closed."""
UNSUPPORTED_VERSION = -32022
_SERVER = {"name": "boombap-ctx", "version": __version__}
_CAPABILITIES = {"tools": {"listChanged": False}}
_KEY = "io.modelcontextprotocol/"
# The tools are the same as long as the process lives.
_CACHED = {"ttlMs": 3_600_000, "cacheScope": "public"}


class Refused(Exception):
    """A request that cannot be answered.

    Attributes:
        code: JSON-RPC's, or one of the protocol.
        data: what a program may read of the reason; None for nothing.
    """

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Envelope(Record):
    """What a request says of its client, from 2026-07-28.

    Attributes:
        has_roots: whether the client names folders when it is asked.
    """

    has_roots: bool


def read_envelope(params: Params) -> Envelope | None:
    """Return what a request says of its client; None for a request of a session that `initialize` opened.

    Raises:
        Refused: for a revision that is not spoken here, and for a required value that is missing.
    """
    meta = params.get("_meta")
    if not isinstance(meta, dict) or _KEY + "protocolVersion" not in meta:
        return None
    version, capabilities = meta[_KEY + "protocolVersion"], meta.get(_KEY + "clientCapabilities")
    if not isinstance(version, str):
        raise Refused(PARAMS, f"_meta {_KEY}protocolVersion must be a text")
    if version not in STATELESS_VERSIONS:
        data = {"supported": [*STATELESS_VERSIONS, *HANDSHAKE_VERSIONS], "requested": version}
        raise Refused(UNSUPPORTED_VERSION, f"unsupported protocol version {version}", data)
    if not isinstance(capabilities, dict):
        raise Refused(PARAMS, f"_meta {_KEY}clientCapabilities must be an object")
    return Envelope(isinstance(capabilities.get("roots"), dict))


def complete(result: Params) -> Params:
    """Return a result as 2026-07-28 asks for it: with its type, unless it has one, and with who answers."""
    return {"resultType": "complete", **result, "_meta": {_KEY + "serverInfo": _SERVER}}


def roots_required() -> Params:
    """Return the result that asks a client of 2026-07-28 for its folders; it calls again with them."""
    return {"resultType": "input_required", "inputRequests": {"roots": {"method": "roots/list"}}}


def given_roots(params: Params) -> object | None:
    """Return what a call that is made again says of the client's folders; None when it says nothing."""
    responses = params.get("inputResponses")
    return responses.get("roots") if isinstance(responses, dict) else None


def success(identity: Identity, result: Params) -> object:
    """Return the answer to a request."""
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def failure(identity: Identity | None, code: int, message: str, data: object = None) -> object:
    """Return the error for a request; None as identity where it could not be read."""
    error = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return {"jsonrpc": "2.0", "id": identity, "error": error}


def is_identity(value: object) -> bool:
    """Tell whether a value may name a request or its progress."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def welcome(params: Params) -> Params:
    """Return the result of `initialize`."""
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in HANDSHAKE_VERSIONS else HANDSHAKE_VERSIONS[0],
        "capabilities": _CAPABILITIES,
        "serverInfo": _SERVER,
    }


def discovered() -> Params:
    """Return the result of `server/discover`."""
    versions = [*STATELESS_VERSIONS, *HANDSHAKE_VERSIONS]
    return {"supportedVersions": versions, "capabilities": _CAPABILITIES, **_CACHED}


def listed(tools: list[Params], *, is_stateless: bool) -> Params:
    """Return the result of `tools/list`; 2026-07-28 asks how long a client may keep it."""
    return {"tools": tools, **(_CACHED if is_stateless else {})}


def tool_success(answer: Params) -> Params:
    """Return the result of a call, as a value and, for clients that know no values, as its text."""
    return {"content": [{"type": "text", "text": to_text(answer)}], "structuredContent": answer, "isError": False}


def tool_failure(text: str) -> Params:
    """Return the result of a call that failed: the assistant reads it, unlike an error of the protocol."""
    return {"content": [{"type": "text", "text": text}], "isError": True}


def cancelled_identity(message: Mapping[str, object]) -> Identity | None:
    """Return the request that a message cancels; None for another message."""
    params = message.get("params")
    if message.get("method") != "notifications/cancelled" or not isinstance(params, dict):
        return None
    identity = params.get("requestId")
    return identity if is_identity(identity) else None


def progress_token(params: Params) -> Identity | None:
    """Return the token under which the client asked for progress; None when it does not."""
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    return token if is_identity(token) else None


def progress(token: Identity, files: int, total: int) -> object:
    """Return the notification of how far the build of an index is."""
    params = {
        "progressToken": token,
        "progress": files,
        "total": total,
        "message": f"indexing: {files:,} of {total:,} files",
    }
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
