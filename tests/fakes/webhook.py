"""A loopback receiver of webhooks that trusts what Standard Webhooks says may be trusted, with faults on demand.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fakes import http_peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fakes.http_peer import Guest

TOLERANCE_S = 300.0


class Receiver:
    """A service that keeps what it took.

    Attributes:
        url: where it listens; a secret.
        taken: bodies, each with its id.
        answers: the status of each answer.
        faults: what the next requests get in place of an answer.
        requests: as they came: headers with lower-case names, and the body.
    """

    def __init__(self, secret: str, clock: Callable[[], float]) -> None:
        self.url = ""
        self.taken: dict[str, Any] = {}
        self.answers: list[int] = []
        self.faults: list[bytes | http_peer.Answer] = []
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self._key, self._clock = base64.b64decode(secret.removeprefix("whsec_")), clock

    def answer(self, guest: Guest, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line.partition(":") for line in head.decode().split("\r\n")[1:]]
        headers = {name.lower(): value.strip() for name, _, value in lines}
        self.requests.append((headers, body))
        fault = self.faults.pop(0) if self.faults else None
        if callable(fault):
            fault(guest, request)
        elif fault:
            guest.send(fault)
        else:
            self.answers.append(self.take(headers, body))
            guest.send(http_peer.response(status=f"{self.answers[-1]} X"))

    def take(self, headers: dict[str, str], body: bytes) -> int:
        """Return the status for a message, after its time, signature and id were checked."""
        id_, sent, signatures = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        if not sent.isdigit() or abs(int(sent) - self._clock()) > TOLERANCE_S:
            return 400
        digest = hmac.new(self._key, f"{id_}.{sent}.".encode() + body, hashlib.sha256).digest()
        wanted = f"v1,{base64.b64encode(digest).decode()}"
        if not any(hmac.compare_digest(wanted, signature) for signature in signatures.split()):
            return 401
        if id_ in self.taken:
            return 409
        self.taken[id_] = json.loads(body)
        return 204


@contextmanager
def serving(secret: str, clock: Callable[[], float]) -> Iterator[Receiver]:
    """Take messages while the block runs."""
    receiver = Receiver(secret, clock)
    with http_peer.serving(receiver.answer) as peer:
        receiver.url = f"{peer.url}/hooks/s3cretpart"
        yield receiver
