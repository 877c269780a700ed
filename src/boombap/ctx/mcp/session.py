"""One session with a client: messages are answered at once, calls of tools one after another by a process.

One call runs at a time: two would wait for one another while the index is built, and take twice the memory.
"""

from __future__ import annotations

import json
import time
from collections import deque

from boombap.ctx.mcp import protocol
from boombap.ctx.mcp.client_roots import ClientRoots, named_folder, way_out
from boombap.ctx.mcp.process import Worker
from boombap.ctx.mcp.protocol import Refused
from boombap.ctx.mcp.tools import TOOLS, check_arguments, definition, tool_of
from boombap.ctx.repository.roots import root_of
from boombap.errors import BoombapError, ExternalError, UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boombap.ctx.mcp.protocol import Envelope, Identity, Params
    from boombap.ctx.mcp.tools import Tool
    from boombap.ctx.model import Limits

    Reply = Callable[[object | None], None]
    OnAnswer = Callable[[Tool, dict[str, Any], float], None]

_MAX_WAITING = 100


class Place(Record):
    """Where a session searches.

    Attributes:
        root: the folder that the server was started in.
        cache: the folder of all indexes.
        limits: of an index.
        state: the folder of the traceback of a bug.
    """

    root: str
    cache: str
    limits: Limits
    state: str


class _Call(Record):
    """A call of a tool that waits or runs.

    Attributes:
        identity: of the request.
        tool: what is called.
        arguments: checked.
        token: under which the client asked for progress.
        envelope: what the request says of its client; None in a session that `initialize` opened.
        folder: what the client named in the call; empty for the session's.
        reply: takes the answer, None when it was cancelled.
    """

    identity: Identity
    tool: Tool
    arguments: Params
    token: Identity | None
    envelope: Envelope | None
    folder: str
    reply: Reply

    def finish(self, result: Params) -> None:
        """Answer the call."""
        self.reply(protocol.success(self.identity, protocol.complete(result) if self.envelope else result))


class Session:
    """What waits, what runs, and the folders of the client.

    Args:
        place: where it searches.
        send: takes each message for the client.
        on_answer: told of each call that ended: its tool, the last report of the process, and the seconds it ran.
    """

    def __init__(self, place: Place, send: Callable[[object], None], on_answer: OnAnswer = lambda *_: None) -> None:
        self._place = place
        self._send = send
        self._on_answer = on_answer
        self._started_s = 0.0
        self._roots = ClientRoots(_refusal(place.root))
        self._waiting: deque[_Call] = deque()
        self._running: tuple[_Call, Worker] | None = None
        self._told = -1

    @property
    def descriptors(self) -> list[int]:
        """Return the descriptors on which something may arrive."""
        return [self._running[1].fileno] if self._running else []

    @property
    def patience_s(self) -> float | None:
        """Return after how many seconds there is work though nothing arrives; None for never."""
        return self._roots.left_s if self._waiting and not self._running else None

    @property
    def is_idle(self) -> bool:
        """Tell whether no call waits or runs."""
        return not self._running and not self._waiting

    def take(self, line: bytes) -> None:
        """Take one line: answer it, or put the call that it asks for behind the others."""
        if not line.strip():
            return
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            self._send(protocol.failure(None, protocol.PARSE, "not JSON"))
            return
        if not isinstance(message, list):
            self._take_message(message, self._reply)
        elif not message:
            self._send(protocol.failure(None, protocol.REQUEST, "an empty batch"))
        else:
            batch = _Batch(len(message), self._send)
            for part in message:
                self._take_message(part, batch.take)

    def work(self) -> None:
        """Read what the running process reports, and start the next call; never waits."""
        if self._running:
            call, worker = self._running
            for report in worker.reports():
                self._take_report(call, report)
        while self._waiting and not self._running and not self._roots.is_waiting:
            self._start(self._waiting.popleft())

    def stop_waiting(self) -> None:
        """Take it that the client says nothing more."""
        self._roots.stop_waiting()

    def end(self) -> None:
        """End the work that runs, and say of each call without an answer that it does not get one."""
        calls = [*([self._running[0]] if self._running else []), *self._waiting]
        self.abandon()
        for call in calls:
            text = "stdin was closed before the call was answered; keep it open until the answer is there"
            call.reply(protocol.failure(call.identity, protocol.NOT_ANSWERED, text))

    def abandon(self) -> None:
        """End the work that runs and forget what waits."""
        self._waiting.clear()
        self._end_worker()

    def _reply(self, answer: object | None) -> None:
        if answer is not None:
            self._send(answer)

    def _take_message(self, message: object, reply: Reply) -> None:
        if not isinstance(message, dict):
            reply(protocol.failure(None, protocol.REQUEST, "not a request"))
            return
        asked = self._roots.take_message(message)
        if not isinstance(message.get("method"), str):
            is_answer = "result" in message or "error" in message
            reply(None if is_answer else protocol.failure(None, protocol.REQUEST, "not a request"))
        elif "id" not in message:
            self._cancel(protocol.cancelled_identity(message))
            reply(None)
        else:
            self._take_request(message, reply)
        self._reply(asked)

    def _take_request(self, message: dict[str, Any], reply: Reply) -> None:
        identity, params = message["id"], message.get("params") or {}
        if not protocol.is_identity(identity):
            reply(protocol.failure(None, protocol.REQUEST, "id must be a text or a whole number"))
            return
        if not isinstance(params, dict):
            reply(protocol.failure(identity, protocol.PARAMS, "params must be an object"))
            return
        try:
            # `initialize` is of the revisions with a session, whatever else it says.
            envelope = None if message["method"] == "initialize" else protocol.read_envelope(params)
            if message["method"] == "tools/call":
                self._take_call(
                    _Call(identity, *_named(params), protocol.progress_token(params), envelope, "", reply), params
                )
            else:
                reply(protocol.success(identity, _result(message["method"], params, envelope)))
        except Refused as refusal:
            reply(protocol.failure(identity, refusal.code, str(refusal), refusal.data))

    def _take_call(self, call: _Call, params: Params) -> None:
        if len(self._waiting) >= _MAX_WAITING:
            raise Refused(protocol.NOT_ANSWERED, f"{_MAX_WAITING} calls are waiting; call again when some are answered")
        try:
            check_arguments(call.tool, call.arguments)
        except UsageError as error:
            call.finish(protocol.tool_failure(str(error)))
            return
        if call.envelope and self._roots.lack:
            self._take_rootless(call, call.envelope, protocol.given_roots(params))
        else:
            self._waiting.append(call)

    def _take_rootless(self, call: _Call, envelope: Envelope, named: object | None) -> None:
        """Take a call where the server has nothing to search: the client names the folder in the call itself."""
        folder, refusal = named_folder(named)
        if folder:
            self._waiting.append(call.replace(folder=folder))
        elif named is None and envelope.has_roots:
            call.finish(protocol.roots_required())
        else:
            call.finish(protocol.tool_failure(way_out(refusal) if refusal else self._roots.lack))

    def _cancel(self, identity: Identity | None) -> None:
        """End a call; the specification does not allow an answer to it."""
        if identity is None:
            return
        for call in [call for call in self._waiting if call.identity == identity]:
            self._waiting.remove(call)
            call.reply(None)
        if self._running and self._running[0].identity == identity:
            call = self._running[0]
            self._end_worker()
            call.reply(None)

    def _start(self, call: _Call) -> None:
        if self._roots.lack and not call.folder:
            call.finish(protocol.tool_failure(self._roots.lack))
            return
        request = {
            "tool": call.tool.name,
            "arguments": call.arguments,
            "root": call.folder or self._roots.folder or self._place.root,
            "cache": self._place.cache,
            "files": self._place.limits.files,
            "size_mb": self._place.limits.size_mb,
            "state": self._place.state,
        }
        try:
            self._running, self._told, self._started_s = (call, Worker(request)), -1, time.monotonic()
        except ExternalError as error:
            call.finish(protocol.tool_failure(str(error)))

    def _take_report(self, call: _Call, report: dict[str, Any]) -> None:
        if "progress" in report:
            self._tell_progress(call, *report["progress"])
            return
        self._end_worker()
        self._on_answer(call.tool, report, time.monotonic() - self._started_s)
        if "answer" in report:
            call.finish(protocol.tool_success(report["answer"]))
        elif "failed" in report:
            call.finish(protocol.tool_failure(report["failed"]))
        else:
            call.reply(protocol.failure(call.identity, protocol.INTERNAL, report["bug"]))

    def _tell_progress(self, call: _Call, files: int, total: int) -> None:
        # The specification asks for values that increase; a build that starts from nothing again would repeat some.
        if call.token is not None and files > self._told:
            self._told = files
            self._send(protocol.progress(call.token, files, total))

    def _end_worker(self) -> None:
        if self._running:
            self._running[1].end()
            self._running = None


class _Batch:
    """Several messages in one line: their answers leave in one line when all are there."""

    def __init__(self, count: int, send: Callable[[object], None]) -> None:
        self._left = count
        self._answers: list[object] = []
        self._send = send

    def take(self, answer: object | None) -> None:
        """Take the answer to one of the messages, None where it does not get one."""
        self._left -= 1
        if answer is not None:
            self._answers.append(answer)
        if not self._left and self._answers:
            self._send(self._answers)


def _named(params: Params) -> tuple[Tool, Params]:
    name, arguments = params.get("name"), params.get("arguments") or {}
    tool = tool_of(name)
    if tool is None:
        raise Refused(protocol.PARAMS, f"unknown tool {name}")
    if not isinstance(arguments, dict):
        raise Refused(protocol.PARAMS, "arguments must be an object")
    return tool, arguments


def _result(method: str, params: Params, envelope: Envelope | None) -> Params:
    """Return the result of a request other than a call.

    `server/discover` is answered without an envelope too: a client that does not know the server yet may send it so.
    """
    if method == "server/discover":
        return protocol.complete(protocol.discovered())
    if method == "tools/list":
        tools = protocol.listed([definition(tool) for tool in TOOLS], is_stateless=envelope is not None)
        return protocol.complete(tools) if envelope else tools
    if method == "initialize":
        return protocol.welcome(params)
    if method == "ping" and not envelope:  # 2026-07-28 does not have it
        return {}
    raise Refused(protocol.METHOD, f"unknown method {method}")


def _refusal(root: str) -> str:
    """Return why a folder is not a project, empty when it is; one that is missing may come into being."""
    try:
        root_of(root)
    except UsageError as error:
        return str(error.args[0])
    except BoombapError:
        pass
    return ""
