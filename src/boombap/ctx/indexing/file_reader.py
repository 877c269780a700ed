"""The process that reads and parses a share of the files of a tree (`reading`).

The request on stdin is a root with a list of pairs, each a path and a checksum or None. The answer for each is its size
in 4 bytes and a value: what `file_facts` found as a tuple, the reason why there is nothing, or None. `marshal` takes a
tenth of the time of JSON, and nobody else writes to these pipes.
"""

from __future__ import annotations

import marshal
import signal
import sys

from boombap.ctx.indexing import file_facts
from boombap.ctx.indexing.reading import SIZE_BYTES
from boombap.ctx.model import Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.ctx.indexing.file_facts import FileFacts


def main() -> None:
    """Answer the request on stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits, which ends this one
    root, wanted = marshal.loads(sys.stdin.buffer.read())  # noqa: S302 - of a process of our own
    for path, known_crc in wanted:
        found = file_facts.read(root, path, known_crc)
        raw = marshal.dumps(found.reason if isinstance(found, Skipped) else found and _plain(found))
        try:
            sys.stdout.buffer.write(len(raw).to_bytes(SIZE_BYTES, "little") + raw)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # who asked has ended
            return


def _plain(found: FileFacts) -> tuple[Any, ...]:
    """Return the same in tuples, which is what `marshal` takes."""
    return (*found[:-1], tuple(map(tuple, found.chunks)))


if __name__ == "__main__":
    main()
