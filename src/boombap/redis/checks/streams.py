"""Judges the groups of streams: who falls behind, and what nobody works on any more."""

from __future__ import annotations

from boombap.health.finding import Finding, Severity, Skipped
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.redis.nodes.streams import GroupFacts, StreamFacts, Streams

_DOCS = "https://redis.io/docs/latest/commands/"
_FAR = 10
COUNT = 2
"""How many checks there are."""
_NEEDS = {
    "XINFO GROUPS": ("stream_lag", "stream_pending"),
    "XINFO CONSUMERS": ("stream_pending",),
    "XINFO STREAM": ("stream_lag",),
}


def judge(seen: Streams) -> Iterator[Finding]:
    """Find groups that are further behind than the limit, and pending entries without a consumer at work."""
    for stream in seen.streams:
        for group in stream.groups or ():
            yield from _lag(stream, group, seen.max_lag)
            yield from _pending(stream, group, seen.idle_limit_s)


def skipped(seen: Streams) -> tuple[Skipped, ...]:
    """Return what could not be judged: a command may not be used, or the server cannot tell how far a group is."""
    reasons: dict[Skipped, None] = {
        Skipped(check, f"{denied.command} is {denied.reason}"): None
        for denied in seen.denied
        for check in _NEEDS.get(denied.command, ())
    }
    unknown = sum(group.lag is None for stream in seen.streams for group in stream.groups or ())
    if unknown:
        why = f"the server does not know the lag of {unknown:,} groups: it is older than 7.0, or entries were deleted"
        reasons[Skipped("stream_lag", why)] = None
    return tuple(reasons)


def _lag(stream: StreamFacts, group: GroupFacts, max_lag: int) -> Iterator[Finding]:
    if group.lag is not None and group.lag > max_lag:
        yield Finding(
            "stream_lag",
            Severity.CRITICAL if group.lag > _FAR * max_lag else Severity.WARNING,
            _subject(stream, group),
            f"the group is {group.lag:,} entries behind, more than {max_lag:,}; {_at_work(group)}",
            {"lag": group.lag, "max_lag": max_lag, "length": stream.length, "consumers": group.consumers},
            "start more consumers, or let the stream forget old entries: XADD … MAXLEN ~ N",
            f"{_DOCS}xinfo-groups/",
        )


def _pending(stream: StreamFacts, group: GroupFacts, idle_limit_s: float) -> Iterator[Finding]:
    if group.pending and group.active_consumers == 0:
        age = group.oldest_pending_idle_s
        oldest = "" if age is None else f", the oldest since {format_duration(age)}"
        yield Finding(
            "stream_pending",
            Severity.WARNING,
            _subject(stream, group),
            f"{group.pending:,} entries were delivered and not acknowledged{oldest}; "
            f"none of {group.consumers:,} consumers did anything within {format_duration(idle_limit_s)}",
            {
                "pending": group.pending,
                "consumers": group.consumers,
                "oldest_pending_idle_s": age,
                "least_idle_s": group.least_idle_s,
            },
            "start a consumer that takes them over with XAUTOCLAIM, or delete the group: XGROUP DESTROY",
            f"{_DOCS}xautoclaim/",
        )


def _at_work(group: GroupFacts) -> str:
    if group.active_consumers is None:
        return f"{group.consumers:,} consumers"
    return f"{group.active_consumers:,} of {group.consumers:,} consumers are at work"


def _subject(stream: StreamFacts, group: GroupFacts) -> str:
    return f"{_text(stream.key)} group {_text(group.name)}"


def _text(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
