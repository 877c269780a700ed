"""A loopback server that takes messages as Slack does, within the limits of Block Kit, with faults on demand.

Source: https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fakes import http_peer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.http_peer import Guest

SECRET = "T00000000/B00000000/s3cretpart"


class Slack:
    """A workspace.

    Attributes:
        url: of its webhook; a secret.
        messages: every one that came, refused ones included.
        faults: what the next requests get in place of an answer to the message, the first one first: a whole
            response, or what does something to the connection.
    """

    def __init__(self) -> None:
        self.url = ""
        self.messages: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.faults: list[bytes | http_peer.Answer] = []

    def answer(self, guest: Guest, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        self.heads.append(head.decode())
        self.messages.append(json.loads(body))
        fault = self.faults.pop(0) if self.faults else None
        if callable(fault):
            fault(guest, request)
        elif fault:
            guest.send(fault)
        elif broken := list(faults_of(self.messages[-1])):
            guest.send(http_peer.response(b"invalid_blocks" if "blocks" in broken[0] else b"no_text", status="400 Bad"))
        else:
            guest.send(http_peer.response(b"ok"))


@contextmanager
def serving() -> Iterator[Slack]:
    """Take messages while the block runs."""
    workspace = Slack()
    with http_peer.serving(workspace.answer) as peer:
        workspace.url = f"{peer.url}/services/{SECRET}"
        yield workspace


def refusal(word: str, status: str = "400 Bad Request", *headers: str) -> bytes:
    """Return how Slack says no."""
    return http_peer.response(word.encode(), *headers, status=status)


def cut(guest: Guest, _: bytes) -> None:
    """Close the connection without an answer."""
    guest.close()


def units(text: str) -> int:
    """Return the length of a text as JavaScript counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def faults_of(message: dict[str, Any]) -> Iterator[str]:
    """Yield what Slack would refuse in a message."""
    if not 0 < units(message.get("text", "")) <= 4000:
        yield "text"
    blocks = message.get("blocks", [])
    if len(blocks) > 50:
        yield f"{len(blocks)} blocks"
    for block in blocks:
        for text, limit in texts_of(block):
            if not 0 < units(text["text"]) <= limit:
                yield f"blocks: {block['type']} with a text of {units(text['text'])}"
        if block["type"] == "header" and block["text"]["type"] != "plain_text":
            yield "blocks: a header with markup"
        if block["type"] == "section" and not (block.get("text") or block.get("fields")):
            yield "blocks: an empty section"
        if len(block.get("fields", [])) > 10 or len(block.get("elements", [])) > 10:
            yield "blocks: more than ten parts"


def texts_of(block: dict[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield every text of a block with its limit."""
    if "text" in block:
        yield block["text"], 150 if block["type"] == "header" else 3000
    yield from ((field, 2000) for field in block.get("fields", []))
    yield from ((element, 3000) for element in block.get("elements", []))
