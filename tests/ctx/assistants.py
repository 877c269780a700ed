"""Clients of `ctx mcp` for tests: one that talks to the server as a process, and calls without a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boombap.ctx.mcp import worker
from boombap.ctx.model import Limits
from boombap.filelock import lock_within

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "2025-06-18"


def call_tool(
    root: Path, name: str, arguments: dict[str, object], *, cache: Path | None = None, limits: Limits | None = None
) -> dict[str, Any]:
    """Return what the process that answers a call writes at the end."""
    limits = limits or Limits()
    request = {
        "tool": name,
        "arguments": arguments,
        "root": str(root),
        "cache": str(cache or root.parent / "cache"),
        "files": limits.files,
        "size_mb": limits.size_mb,
        "state": str(root.parent / "state"),
    }
    return worker.answer(request, lambda *_: None)


class Assistant:
    """The server as a process, and what a client says and hears."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child

    def send(self, **message: object) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.child.stdin.flush()

    def hear(self) -> Any:
        assert self.child.stdout is not None
        return json.loads(self.child.stdout.readline())

    def start(self, **capabilities: object) -> None:
        params = {"protocolVersion": VERSION, "capabilities": capabilities, "clientInfo": {"name": "t"}}
        self.send(id=1, method="initialize", params=params)
        assert self.hear()["result"]["serverInfo"]["name"] == "boombap-ctx"
        self.send(method="notifications/initialized")

    def call(self, identity: object, name: str = "search", **params: object) -> None:
        params = {"name": name, "arguments": {"query": "pool"} if name == "search" else {}} | params
        self.send(id=identity, method="tools/call", params=params)

    def cancel(self, identity: object) -> None:
        self.send(method="notifications/cancelled", params={"requestId": identity, "reason": "not needed"})

    def processes(self) -> list[int]:
        """Return the processes below the server."""
        return _below(self.child.pid)


@contextmanager
def assistant(folder: Path | str, *words: str) -> Iterator[Assistant]:
    """Start the server in a folder; at the end it is closed as a client closes it."""
    command = [sys.executable, "-m", "boombap", "ctx", "mcp", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, text=True) as child:
        try:
            yield Assistant(child)
        finally:
            assert child.stdin is not None
            child.stdin.close()
            child.wait(20)


@contextmanager
def index_held(path: str) -> Iterator[None]:
    """Hold the lock of an index: who wants to write it waits meanwhile."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        assert lock_within(lock, 0, lambda _: None) is not None
        yield
    finally:
        os.close(lock)


def _below(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task").glob("*/children")
    return [int(number) for file in children for number in file.read_text().split()]
