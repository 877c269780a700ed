"""The process that looks for a regular expression in the lines of files, so that it can be ended at any moment.

Python's `re` may take time without end, and holds the interpreter meanwhile: no thread and no signal ends it, only the
end of its process. The request is one JSON object on stdin. Each line of the answer is one: ``{"at": path}`` before
a file, ``{"unread": path, "reason": text}``, a match, ``{"error": text}``, and ``{"done": true}`` at the end.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import time

from boombap.ctx.model import Skipped
from boombap.ctx.repository import texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

LONGEST_S = 60.0
"""Seconds that all lines together may take; a simple pattern needs five for the largest index."""


def main() -> None:
    """Answer the request on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits, which ends this one
    request = json.load(sys.stdin.buffer)
    for answer in answers(request):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def answers(request: dict[str, Any]) -> Iterator[dict[str, object]]:
    """Yield what was found.

    Args:
        request: root, files (the path of each relative to it, in the order of the answers, with the checksum and the
            masks that `texts.lines_of` takes), pattern, ignore_case, limit and around.
    """
    try:
        wanted = re.compile(request["pattern"], re.IGNORECASE if request["ignore_case"] else 0)
    except (re.error, OverflowError, RecursionError) as error:
        yield {"error": f"{request['pattern']!r} is not a regular expression: {error}"}
        return
    left, spent_s = request["limit"], 0.0
    for path, crc, masks in request["files"]:
        yield {"at": path}
        content = texts.lines_of(request["root"], path, (crc, masks))
        if isinstance(content, Skipped):
            yield {"unread": path, "reason": content.reason}
            continue
        lines = content
        begun = time.perf_counter()
        for number, line in enumerate(lines, 1):
            if wanted.search(line):
                first, snippet = _with_neighbours(lines, number, request["around"])
                yield {"path": path, "line": number, "first": first, "snippet": snippet}
                left -= 1
                if not left:
                    yield {"done": True}
                    return
        spent_s += time.perf_counter() - begun
        if spent_s > LONGEST_S:
            yield {"error": f"{request['pattern']!r} takes more than {LONGEST_S:.0f} s on the lines of this tree"}
            return
    yield {"done": True}


def _with_neighbours(lines: Sequence[str], number: int, around: int) -> tuple[int, str]:
    """Return the number of the first line shown, and the lines; what follows the last line end is not a line."""
    first, last = max(1, number - around), min(len(lines), number + around)
    if number < last == len(lines) and not lines[-1]:
        last -= 1
    return first, "\n".join(lines[first - 1 : last])


if __name__ == "__main__":
    main()
