"""What one client may use of the server, and all of them together."""

from __future__ import annotations

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path


class Limits(Record):
    """The server's bounds.

    Attributes:
        threads: requests that are handled at the same time.
        request_s: for a request to arrive completely, for a client to read a piece of the answer, for a connection to
            be idle.
        header_bytes: of one request.
        body_bytes: of one request.
        outbox_bytes: of all answers that clients have not read yet.
        connections: open at one time; for a further one, the one that has waited longest is closed.
        drain_s: how long current requests may take once the server is stopped.
    """

    threads: int = 8
    request_s: float = 10.0
    header_bytes: int = 64 * 1024
    body_bytes: int = 1024 * 1024
    outbox_bytes: int = 64 * 1024 * 1024
    connections: int = 600
    drain_s: float = 5.0


class Certificate(Record):
    """The files (PEM) with which the server speaks TLS.

    Attributes:
        chain: the server's certificate, and those between it and the authority.
        key: without a pass phrase.
    """

    chain: Path
    key: Path
