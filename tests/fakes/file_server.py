"""Files behind HTTP, each as bytes, as a status with headers, or as what a function gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boombap.server.answer import answer
from boombap.server.serve import running

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from boombap.server.serve import Server


def serving(files: dict[str, Any]) -> AbstractContextManager[Server]:
    """Serve bytes, or a status with headers, by path."""

    def app(environ, start):
        found = files.get(environ["PATH_INFO"], 404)
        if callable(found):
            found = found()
        if isinstance(found, bytes):
            return answer(start, 200, found)
        status, headers = found if isinstance(found, tuple) else (found, ())
        return answer(start, status, b"", headers=headers)

    return running(app)
