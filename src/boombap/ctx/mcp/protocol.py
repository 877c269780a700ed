"""The messages of the Model Context Protocol: JSON-RPC 2.0 objects, and what the revisions ask of them.

Source: modelcontextprotocol.io, specification 2025-06-18: Lifecycle; Utilities (Cancellation, Progress).
"""

from __future__ import annotations

from boombap import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Identity = str | int
    Params = dict[str, Any]

VERSIONS = ("2025-06-18", "2025-03-26", "2024-11-05")
PARSE, REQUEST, METHOD, PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
NOT_ANSWERED = -32000
"""The call was taken and cannot be answered: too many wait, or stdin was closed."""
_SERVER = {"name": "boombap-ctx", "version": __version__}


class Refused(Exception):
    """A request that cannot be answered; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def success(identity: Identity, result: object) -> object:
    """Return the answer to a request."""
    return {"jsonrpc": "2.0", "id": identity, "result": result}


def failure(identity: Identity | None, code: int, message: str) -> object:
    """Return the error for a request; None as identity where it could not be read."""
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": message}}


def is_identity(value: object) -> bool:
    """Tell whether a value may name a request or its progress."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def welcome(params: Params) -> object:
    """Return the result of `initialize`."""
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": _SERVER,
    }


def tool_success(value: object) -> object:
    """Return the result of a call."""
    from boombap.output.encode import to_json

    return {"content": [{"type": "text", "text": to_json(value)}], "isError": False}


def tool_failure(text: str) -> object:
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
