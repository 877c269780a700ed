"""The answer of `redis streams`."""

from __future__ import annotations

from boombap.output import table
from boombap.output.terminal import printable
from boombap.redis.encode import health_object
from boombap.redis.json_text import plain
from boombap.redis.report import health_lines, shown
from boombap.redis.views.denials import denied_lines, encoded, encoded_all
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.output.terminal import Terminal
    from boombap.redis.model import Health
    from boombap.redis.nodes.streams import GroupFacts, StreamFacts, Streams

_NAME_COLUMNS = 40


def lines(seen: Streams, health: Health, label: str, terminal: Terminal, rows: int) -> Iterator[str]:
    """Yield the findings, one row per stream, and one row per group."""
    noun = "stream" if len(seen.streams) == 1 else "streams"
    yield f"{terminal.style(printable(label), 'bold')}  {len(seen.streams):,} {noun}"
    yield from denied_lines(seen.denied, terminal)
    yield from health_lines(health, terminal)
    listed = seen.streams[:rows]
    if not listed:
        return
    yield terminal.style("streams", "bold")
    head = ("stream", "entries", "memory", "oldest", "newest", "groups", "db", "node")
    yield from table.lines(head, map(_stream_row, listed))
    groups = [_group_row(stream, group) for stream in listed for group in stream.groups or ()]
    if groups:
        yield terminal.style("groups", "bold")
        head = ("stream", "group", "lag", "pending", "oldest pending", "consumers", "at work", "last seen")
        yield from table.lines(head, groups)
    if len(seen.streams) > rows:
        yield f"  and {len(seen.streams) - rows:,} more"


def _stream_row(stream: StreamFacts) -> tuple[str | int | None, ...]:
    size = None if stream.size_bytes is None else format_size(stream.size_bytes)
    groups = None if stream.groups is None else len(stream.groups)
    first, last = _place(stream.first_id, stream.first_age_s), _place(stream.last_id, stream.last_age_s)
    return (shown(stream.key), stream.length, size, first, last, groups, stream.db, stream.node)


def _group_row(stream: StreamFacts, group: GroupFacts) -> tuple[str | int | None, ...]:
    oldest_s = group.oldest_pending_age_s
    if oldest_s is None:
        oldest_s = group.oldest_pending_idle_s
    return (
        shown(stream.key, _NAME_COLUMNS), shown(group.name, _NAME_COLUMNS), group.lag, group.pending, _age(oldest_s),
        group.consumers, group.active_consumers, _age(group.least_idle_s),
    )  # fmt: skip


def _place(entry_id: str | None, age_s: float | None) -> str | None:
    """Return the age of an entry, or its id where that is not a time."""
    return entry_id if age_s is None else f"{format_duration(age_s)} ago"


def _age(seconds: float | None) -> str | None:
    return None if seconds is None else format_duration(seconds)


def to_object(seen: Streams, health: Health, label: str, pattern: bytes, rows: int) -> dict[str, object]:
    """Return the object of `redis streams`."""
    return {
        "schema": "boombap.redis.streams/1",
        "target": label,
        "match": plain(pattern),
        "idle_limit_s": seen.idle_limit_s,
        "max_lag": seen.max_lag,
        "streams": [_stream(stream) for stream in seen.streams[:rows]],
        "stream_count": len(seen.streams),
        "denied": encoded_all(seen.denied),
        "health": health_object(health),
    }


def _stream(stream: StreamFacts) -> dict[str, object]:
    groups = None if stream.groups is None else encoded_all(stream.groups)
    return {**encoded(stream), "groups": groups}
