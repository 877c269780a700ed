"""The process that answers one call of a tool, so that the server can end the work at any moment.

Building an index holds the interpreter lock most of the time: a thread would delay the answers to other messages, and
cannot be ended. A process can, and it gives its memory back. The request is one JSON object on the first line of
stdin. Each line of stdout is one JSON object: ``{"progress": [files, total]}`` while an index is built, and at the end
``{"answer": object}``, ``{"failed": text}`` for what the caller can put right, or ``{"bug": text}``.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import threading
import time

from boombap.ctx.indexing.index import ask_index, open_or_build
from boombap.ctx.mcp.pages import cut, read_page
from boombap.ctx.mcp.tools import tool_of
from boombap.ctx.model import Limits
from boombap.errors import BoombapError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boombap.ctx.indexing.index import Index

_PROGRESS_S = 0.2


def main() -> None:
    """Answer the request on stdin."""
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_server, daemon=True).start()
    _write(answer(request, _Progress()))


def answer(request: dict[str, Any], on_file: Callable[[int, int], None]) -> dict[str, object]:
    """Return the last line for a request.

    Args:
        request: tool, arguments (checked), root, cache, files and size_mb (the limits of the index), state (the folder
            of the traceback of a bug).
        on_file: told how many files of how many were looked at while an index is built.
    """
    tool, cache = tool_of(request["tool"]), request["cache"]
    assert tool is not None, "the server looked it up"

    def opened(is_rebuilt: bool) -> Index:  # noqa: FBT001 - the one argument that `ask_index` gives
        limits = Limits(request["files"], request["size_mb"])
        return open_or_build(request["root"], cache, limits=limits, is_rebuilt=is_rebuilt, on_file=on_file)

    def asked(index: Index) -> dict[str, object]:
        return cut(tool.answer(index, arguments, cache), tool.rows, page, index.fact("read_ns"), tool.parts)

    try:
        page, arguments = read_page(tool.name, request["arguments"])
        return {"answer": ask_index(opened, asked, _forget)}
    except (BoombapError, sqlite3.Error) as error:
        return {"failed": str(error)}
    except Exception as error:  # noqa: BLE001 - the outermost handler of this process
        return {"bug": _bug(error, request["state"])}


def _forget(_: str) -> None:
    """Drop a note: an assistant reads answers only."""


def _bug(error: Exception, state: str) -> str:
    from pathlib import Path

    from boombap.log import write_traceback

    try:
        where = f"the traceback is in {write_traceback(error, Path(state))}"
    except OSError:
        where = f"the traceback could not be written to {state}"
    return f"a bug in boombap ({type(error).__name__}); {where}"


class _Progress:
    """Writes how far the build is, at most five times a second."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def __call__(self, files: int, total: int) -> None:
        if time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + _PROGRESS_S
            _write({"progress": [files, total]})


def _write(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message, ensure_ascii=True, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _end_with_server() -> None:
    """End this process and its children when the server is gone: stdin is a pipe that only the server holds."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    main()
