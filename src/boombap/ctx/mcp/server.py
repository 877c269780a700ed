"""The Model Context Protocol on stdin and stdout: JSON-RPC 2.0, one message a line; nothing else reaches stdout.

Source: modelcontextprotocol.io, specification 2025-06-18: Lifecycle; Transports (stdio); Server features, Tools.
"""

from __future__ import annotations

import json
import os
import select
import sqlite3
import sys
import time

from boombap import __version__
from boombap.ctx import encode
from boombap.ctx.answers import recent, related
from boombap.ctx.answers.filter import Filter, in_tree
from boombap.ctx.answers.search import search
from boombap.ctx.answers.status import status
from boombap.ctx.indexing.index import ask_index, open_or_build
from boombap.ctx.mcp.client_roots import ClientRoots
from boombap.ctx.repository.roots import root_of
from boombap.errors import EXIT_OK, BoombapError, UsageError
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.model import Limits
    from boombap.interrupt import Interrupt

    Arguments = dict[str, Any]

VERSIONS = ("2025-06-18", "2025-03-26", "2024-11-05")
_PARSE, _REQUEST, _METHOD, _PARAMS = -32700, -32600, -32601, -32602
_LONGEST_LINE = 4_000_000
_STEP_S = 0.05
_MOST = 100
_MOST_HELD = 100
_TEXT = {"type": "string"}
_LIMIT = {"type": "integer", "minimum": 1, "maximum": _MOST, "description": "at most this many answers; default 10"}
TOOLS: tuple[dict[str, Any], ...] = (
    {
        "name": "search",
        "description": "Find the code that answers a question or defines a symbol; gives path, lines, symbol, snippet.",
        "inputSchema": {
            "type": "object",
            "properties": {
                "query": {**_TEXT, "description": 'words, an identifier, or "a text in quotes" as it stands'},
                "limit": _LIMIT,
                "language": {**_TEXT, "description": "only files of this language, for example python"},
                "path": {**_TEXT, "description": "only below this folder, or like *.py"},
            },
            "required": ["query"],
        },
    },
    {
        "name": "related",
        "description": "Find the files that belong to one: imports both ways, changed together, tests, rare words.",
        "inputSchema": {
            "type": "object",
            "properties": {"file": {**_TEXT, "description": "relative to the root"}, "limit": _LIMIT},
            "required": ["file"],
        },
    },
    {
        "name": "recent",
        "description": "List the files that changed lately, by git's history.",
        "inputSchema": {
            "type": "object",
            "properties": {"since": {**_TEXT, "description": 'for example "2 days"; default 7 days'}, "limit": _LIMIT},
        },
    },
    {
        "name": "status",
        "description": "Tell what is indexed, and what was left out and why.",
        "inputSchema": {"type": "object", "properties": {}},
    },
)


class _Refused(Exception):
    """A request that cannot be answered; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def serve(root: str, cache: str, limits: Limits, interrupt: Interrupt) -> int:
    """Answer requests until stdin ends or the run is interrupted."""
    roots = ClientRoots(_refusal(root))
    server = _Server(
        lambda **options: open_or_build(roots.folder or root, cache, limits=limits, pause=interrupt.sleep, **options),
        cache,
        roots,
    )
    for lines in _arrivals(sys.stdin.fileno(), interrupt):
        _send(server.answers(lines))
    roots.stop_waiting()
    _send(server.answers([]))
    return EXIT_OK


def _send(messages: Iterable[object]) -> None:
    for message in messages:
        sys.stdout.write(json.dumps(message, ensure_ascii=True, separators=(",", ":")) + "\n")
        sys.stdout.flush()


def _refusal(root: str) -> str:
    """Return why a folder is not a project, empty when it is; one that is missing may come into being."""
    try:
        root_of(root)
    except UsageError as error:
        return str(error.args[0])
    except BoombapError:
        pass
    return ""


def _arrivals(descriptor: int, interrupt: Interrupt) -> Iterator[list[bytes]]:
    """Yield the whole lines that have arrived, as many as there are: what waits may have been cancelled meanwhile.

    While nothing arrives an empty list comes every 50 ms: a request that was held may be answered then.
    """
    held, is_open = b"", True
    while is_open:
        interrupt.check()
        if not select.select([descriptor], [], [], _STEP_S)[0]:
            yield []
            continue
        while is_open and select.select([descriptor], [], [], 0)[0] and len(held) <= _LONGEST_LINE:
            part = os.read(descriptor, 65_536)
            is_open = bool(part)
            held += part
        *whole, held = held.split(b"\n")
        if held and (len(held) > _LONGEST_LINE or not is_open):
            whole.append(held)
            held = b""
        yield whole


class _Server:
    """One session: each request opens the index, which brings it up to date."""

    def __init__(self, open_index: Callable[..., Index], cache: str, roots: ClientRoots | None = None) -> None:
        self._open = open_index
        self._cache = cache
        self._roots = roots or ClientRoots()
        self._held: list[bytes] = []

    def answers(self, lines: list[bytes]) -> Iterator[object]:
        """Yield the answers to lines that arrived together, none to a request that one of them cancels."""
        cancelled = {request for line in lines if (request := _cancelled(line)) is not None}
        held, self._held = self._held, []
        for line in (*held, *lines):
            if cancelled and _identity(line) in cancelled:
                continue
            if self._roots.is_waiting and len(self._held) < _MOST_HELD and b"tools/call" in line:
                self._held.append(line)
                continue
            asked = self._roots.take_message(_object(line)) if _may_name_roots(line) else None
            answer = self.answer(line)
            yield from (message for message in (answer, asked) if message is not None)

    def answer(self, line: bytes) -> object | None:
        """Return the answer to one line; None for a notification and for an empty line."""
        if not line.strip():
            return None
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return _failure(None, _PARSE, "not JSON")
        if isinstance(message, list):
            answers = [answer for request in message if (answer := self._one(request)) is not None]
            return answers or None
        return self._one(message)

    def _one(self, message: object) -> object | None:
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            is_answer = isinstance(message, dict) and ("result" in message or "error" in message)
            return None if is_answer else _failure(None, _REQUEST, "not a request")
        if "id" not in message:
            return None
        params = message.get("params") or {}
        if not isinstance(params, dict):
            return _failure(message["id"], _PARAMS, "params must be an object")
        try:
            return {"jsonrpc": "2.0", "id": message["id"], "result": self._result(message["method"], params)}
        except _Refused as refusal:
            return _failure(message["id"], refusal.code, str(refusal))

    def _result(self, method: str, params: Arguments) -> object:
        if method == "initialize":
            return _welcome(params)
        if method == "ping":
            return {}
        if method == "tools/list":
            return {"tools": list(TOOLS)}
        if method == "tools/call":
            return self._call(params)
        raise _Refused(_METHOD, f"unknown method {method}")

    def _call(self, params: Arguments) -> object:
        tools: dict[str, Callable[[Index, Arguments], object]] = {
            "search": _search,
            "related": _related,
            "recent": _recent,
            "status": lambda index, _: encode.status_object(status(index, self._cache)),
        }
        name, arguments = params.get("name"), params.get("arguments") or {}
        if not isinstance(name, str) or name not in tools:
            raise _Refused(_PARAMS, f"unknown tool {name}")
        if not isinstance(arguments, dict):
            raise _Refused(_PARAMS, "arguments must be an object")
        if self._roots.lack:
            return _tool_failure(self._roots.lack)
        try:
            return _content(ask_index(self._opened, lambda index: tools[name](index, arguments), _forget))
        except (BoombapError, sqlite3.Error) as error:
            # A tool that fails is an answer that the assistant reads, not an error of the protocol.
            return _tool_failure(str(error))

    def _opened(self, is_rebuilt: bool) -> Index:  # noqa: FBT001 - the one argument that `ask_index` gives
        return self._open(is_rebuilt=True) if is_rebuilt else self._open()


def _forget(_: str) -> None:
    """Drop a note: an assistant reads answers only."""


def _tool_failure(text: str) -> object:
    return {"content": [{"type": "text", "text": text}], "isError": True}


def _may_name_roots(line: bytes) -> bool:
    return any(word in line for word in (b"initialize", b"roots"))


def _cancelled(line: bytes) -> str | int | None:
    """Return the request that a line cancels (specification 2025-06-18, Cancellation)."""
    if b"notifications/cancelled" not in line:
        return None
    message = _object(line)
    params = message.get("params")
    request = params.get("requestId") if isinstance(params, dict) else None
    return request if message.get("method") == "notifications/cancelled" and isinstance(request, str | int) else None


def _identity(line: bytes) -> str | int | None:
    message = _object(line)
    identity = message.get("id")
    # The specification does not allow a client to cancel initialize.
    return identity if isinstance(identity, str | int) and message.get("method") != "initialize" else None


def _object(line: bytes) -> dict[str, object]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _welcome(params: Arguments) -> object:
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {"listChanged": False}},
        "serverInfo": {"name": "boombap-ctx", "version": __version__},
    }


def _content(value: object) -> object:
    from boombap.output.encode import to_json

    return {"content": [{"type": "text", "text": to_json(value)}], "isError": False}


def _failure(identity: object, code: int, message: str) -> object:
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": message}}


def _search(index: Index, arguments: Arguments) -> object:
    from boombap.ctx.structure.languages import check_names

    query = _text(arguments, "query")
    if not query.strip():
        raise UsageError("search needs something to search for")
    languages, paths = ([_text(arguments, name)] if name in arguments else [] for name in ("language", "path"))
    check_names(languages)
    only = Filter(languages, [in_tree(path, index.root, index.root) for path in paths])
    corrections: dict[str, str] = {}
    hits = search(index, query, limit=_limit(arguments), only=only, on_correction=corrections.__setitem__)
    return encode.search_object(index, query, hits, corrections)


def _related(index: Index, arguments: Arguments) -> object:
    file = in_tree(_text(arguments, "file"), index.root, index.root)
    return encode.related_object(index, file, related.relatives(index, file, _limit(arguments)))


def _recent(index: Index, arguments: Arguments) -> object:
    since = _text(arguments, "since") if "since" in arguments else "7 days"
    since_s = int(time.time() - parse_duration_s(since))
    return encode.recent_object(index, since_s, recent.changes(index, since_s, Filter(), _limit(arguments)))


def _text(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str):
        raise UsageError(f"{name} must be a text")
    return value


def _limit(arguments: Arguments) -> int:
    value = arguments.get("limit", 10)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
        raise UsageError(f"limit must be a whole number from 1 to {_MOST}")
    return value
