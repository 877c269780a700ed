"""Lines that a regular expression matches, by path and line; unlike a search it reads every file.

The lines are matched in a process of their own (`line_matcher`), which is ended when it takes too long or the run is
interrupted. To start it costs about 60 ms.
"""

from __future__ import annotations

import json
import os
import select
import sys
from contextlib import contextmanager

from boombap.ctx.answers.filter import ANY, Filter, kept_files
from boombap.ctx.indexing import labels
from boombap.ctx.model import Hit, Skipped
from boombap.errors import ExternalError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen
    from typing import Any

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.repository.texts import Reader
    from boombap.interrupt import Interrupt

_LONGEST_FILE_S = 5.0
_HINT = "repeats inside repeats, such as (a+)+, can take exponential time; write a+"


def grep(
    index: Index,
    pattern: str,
    *,
    limit: int = 10,
    only: Filter = ANY,
    ignore_case: bool = False,
    around: int = 0,
    interrupt: Interrupt | None = None,
    patience_s: float = _LONGEST_FILE_S,
    reader: Reader | None = None,
) -> list[Hit]:
    """Return the lines that a regular expression matches.

    Args:
        index: of the tree that is searched.
        pattern: as Python's `re` reads it.
        limit: the most answers.
        only: which files may answer.
        ignore_case: whether ``a`` matches ``A``.
        around: how many lines before and after a match its snippet has.
        interrupt: ends the search.
        patience_s: how long one file may take.
        reader: takes note of files that could not be read.

    Raises:
        UsageError: for a pattern that Python's `re` does not read, or that takes too long.
        ExternalError: when the process that matches cannot be started or ends early.
        Interrupted: when the run was asked to end.
    """
    index.check_intact()
    kept = kept_files(index, only) if only else None
    rows = index.database.execute("SELECT id, path, crc, masks FROM files ORDER BY path").fetchall()
    request = {
        "root": index.root,
        "files": [file for number, *file in rows if kept is None or number in kept],
        "pattern": pattern,
        "ignore_case": ignore_case,
        "limit": limit,
        "around": around,
    }
    with _matcher(interrupt) as process:
        answers = list(_matches(process, request, interrupt, patience_s))
    for answer in answers:
        if reader and "unread" in answer:
            reader.note_unread(Skipped(answer["unread"], answer["reason"]))
    return [_hit(index, answer) for answer in answers if "line" in answer]


@contextmanager
def _matcher(interrupt: Interrupt | None) -> Iterator[Popen[bytes]]:
    """Start the process, and end it with the block or with the run."""
    from contextlib import nullcontext
    from subprocess import DEVNULL, PIPE, Popen

    # -P: no module is taken from the working folder, which may be a repository that nobody has read yet.
    command = [sys.executable, "-P", "-m", "boombap.ctx.answers.line_matcher"]
    try:
        process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    except OSError as error:
        raise ExternalError(f"Python ({sys.executable}) cannot be started: {error.strerror}") from None
    with process:
        try:
            with interrupt.cancel_with(process.kill) if interrupt else nullcontext():
                yield process
        finally:
            process.kill()


def _matches(
    process: Popen[bytes], request: dict[str, object], interrupt: Interrupt | None, patience_s: float
) -> Iterator[dict[str, Any]]:
    path = ""
    for answer in _answers(process, request, patience_s):
        if "line" in answer or "unread" in answer:
            yield answer
        elif "done" in answer:
            return
        elif "error" in answer:
            raise UsageError(answer["error"], hint=_HINT if "more than" in answer["error"] else "")
        elif "late" in answer:
            message = f"{request['pattern']!r} takes more than {patience_s:g} s on {path or 'a file'}"
            raise UsageError(message, hint=_HINT)
        path = answer.get("at", path)
    if interrupt:
        interrupt.check()
    raise ExternalError(f"the search for {request['pattern']!r} ended early, at {path or 'its start'}")


def _answers(process: Popen[bytes], request: dict[str, object], patience_s: float) -> Iterator[dict[str, Any]]:
    """Yield the lines of the process; ``late`` when none came for so long."""
    assert process.stdin, "it is a pipe"
    assert process.stdout, "it is a pipe"
    try:
        process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
    except BrokenPipeError:
        return
    descriptor, held = process.stdout.fileno(), b""
    while True:
        if not select.select([descriptor], [], [], patience_s)[0]:
            yield {"late": True}
            return
        part = os.read(descriptor, 1 << 16)
        if not part:
            return
        *whole, held = (held + part).split(b"\n")
        yield from map(json.loads, whole)


def _hit(index: Index, match: dict[str, Any]) -> Hit:
    path, number = match["path"], match["line"]
    symbol = _symbol_at(index, path, number)
    return Hit(path, number, number, symbol, "line", 1.0, (("match", 1.0),), match["snippet"], match["first"])


def _symbol_at(index: Index, path: str, line: int) -> str:
    row = index.database.execute(
        """SELECT scope, labels, symbols FROM files JOIN chunks ON chunks.id BETWEEN first_chunk AND last_chunk
        WHERE path = ? AND start <= ? AND stop >= ? LIMIT 1""",
        (path, line, line),
    ).fetchone()
    if row is None:
        return ""
    scope, kept, symbol = row
    return labels.scoped(scope, labels.around(kept, line)[0] if kept else symbol)
