"""The folders that the client of `ctx mcp` names, asked for when the one it was started in is not a project.

A client of a session is asked by a request; from 2026-07-28 the result of a call asks, and the client calls again.

Source: modelcontextprotocol.io, specification 2025-06-18: Client features, Roots.
"""

from __future__ import annotations

import os
import time

from boombap.ctx.repository.roots import root_of
from boombap.errors import BoombapError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWER_S = 3.0
_WAY_OUT = (
    "no folder to search: {}; start the server in a project or with `ctx mcp --root FOLDER`, or let the client offer"
    " the project as a root (roots/list)"
)


class ClientRoots:
    """What is known of the client's folders in one session.

    Attributes:
        folder: what the client named; empty before that, and where the folder of the start is a project.
    """

    def __init__(self, refusal: str = "") -> None:
        """Start a session; `refusal` says why the folder of the start is not a project, empty when it is."""
        self.folder = ""
        self._refusal = refusal
        self._can_list = False
        self._asked = 0
        self._until_s = 0.0

    @property
    def lack(self) -> str:
        """Return why there is nothing to search and what to do about it, empty when there is a folder."""
        return way_out(self._refusal) if self._refusal and not self.folder else ""

    @property
    def is_waiting(self) -> bool:
        """Tell whether the client was asked and may still answer."""
        return self.left_s > 0

    @property
    def left_s(self) -> float:
        """Return for how many more seconds the client may answer."""
        return max(0.0, self._until_s - time.monotonic())

    def stop_waiting(self) -> None:
        """Take it that the client does not answer."""
        self._until_s = 0.0

    def take_message(self, message: Mapping[str, object]) -> object | None:
        """Take what a message says of roots; return the request that it leads to."""
        method = message.get("method")
        if method == "initialize":
            params = message.get("params")
            offered = params.get("capabilities") if isinstance(params, dict) else None
            self._can_list = isinstance(offered, dict) and isinstance(offered.get("roots"), dict)
        elif method in {"notifications/initialized", "notifications/roots/list_changed"}:
            return self._ask()
        elif method is None and self._asked and message.get("id") == self._identity:
            self._take(message.get("result"))
        return None

    @property
    def _identity(self) -> str:
        return f"roots-{self._asked}"

    def _ask(self) -> object | None:
        if not self._refusal or not self._can_list:
            return None
        self._asked += 1
        self._until_s = time.monotonic() + _ANSWER_S
        return {"jsonrpc": "2.0", "id": self._identity, "method": "roots/list"}

    def _take(self, result: object) -> None:
        self.stop_waiting()
        self.folder, refusal = named_folder(result)
        self._refusal = refusal or self._refusal


def way_out(refusal: str) -> str:
    """Return what to do where a folder is not a project, with the reason."""
    return _WAY_OUT.format(refusal)


def named_folder(result: object) -> tuple[str, str]:
    """Return the first project among the roots that a client lists; else an empty text, and why the last is not one."""
    roots, refusal = result.get("roots") if isinstance(result, dict) else None, ""
    for root in roots if isinstance(roots, list) else []:
        uri = root.get("uri") if isinstance(root, dict) else None
        try:
            return root_of(_path(uri)), ""
        except (BoombapError, ValueError) as error:
            refusal = str(error.args[0])
    return "", refusal


def _path(uri: object) -> str:
    from urllib.parse import unquote, urlsplit  # 5 ms, only where a client names a root

    parts = urlsplit(uri) if isinstance(uri, str) else urlsplit("")
    path = unquote(parts.path)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not os.path.isabs(path) or "\0" in path:
        raise ValueError(f"the client's root {uri!r} is not the address of a local folder (file:///...)")
    return path
