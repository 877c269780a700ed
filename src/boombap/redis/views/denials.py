"""What nodes did not answer, and values of strangers, in both forms."""

from __future__ import annotations

from boombap.output.encode import plain as fields
from boombap.output.terminal import printable
from boombap.redis.json_text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boombap.output.terminal import Terminal
    from boombap.redis.nodes.asking import Denied


def denied_lines(denied: Iterable[Denied], terminal: Terminal) -> Iterator[str]:
    """Yield each command that was not answered, with the nodes; what depends on it is not known."""
    nodes: dict[tuple[str, str], list[str]] = {}
    for refused in denied:
        nodes.setdefault((refused.command, refused.reason), []).append(refused.node)
    for (command, reason), addresses in nodes.items():
        places = printable(", ".join(addresses))
        yield terminal.style(f"skipped: {command} ({reason}) on {places}", "yellow")


def encoded(record: object) -> dict[str, object]:
    """Return a record as an object, its bytes as text or base64."""
    return {name: plain(value) for name, value in fields(record).items()}


def encoded_all(records: Iterable[object]) -> list[dict[str, object]]:
    """Return records as objects."""
    return [encoded(record) for record in records]
