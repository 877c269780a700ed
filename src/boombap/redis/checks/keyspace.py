"""What in the keys themselves is dangerous or wasteful? Judged from a walk, not from a node's facts."""

from __future__ import annotations

import shlex

from boombap.health.finding import Finding, Severity, Skipped
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.redis.model import Branch, Expectations, KeyspaceStats

_PICKLE = "https://docs.python.org/3/library/pickle.html"
_EXPIRE = "https://redis.io/docs/latest/commands/expire/"
_ORPHANS = "https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/"
_HUGE = 10
_PICKLE_CHECKS = ("pickle_values",)
# By command, what cannot be judged without it; all others show parts of values.
_NEEDS = {
    "MEMORY USAGE": ("big_key",),
    "PTTL": ("keys_without_ttl",),
    "TYPE": _PICKLE_CHECKS,
}
_BIG_SHOWN = 5


def judge(stats: KeyspaceStats, expected: Expectations) -> Iterator[Finding]:
    """Find pickles, big keys, keys without the TTL that their prefix should have, and keys that nobody reaches."""
    yield from _pickles(stats)
    yield from _suspects(stats)
    yield from _orphans(stats)
    yield from _big(stats, expected)
    yield from _without_ttl(stats, expected)


def skipped(stats: KeyspaceStats) -> tuple[Skipped, ...]:
    """Return what could not be judged, because a command or a key may not be used, or slots moved."""
    reasons: dict[Skipped, None] = {}
    # Rights are set on purpose; that an engine does not look is a gap.
    is_failure = stats.engine == "classic"
    for command, why in stats.denied.items():
        checks = _NEEDS.get(command, _PICKLE_CHECKS)
        reasons |= {Skipped(check, f"{command} is {why}", is_failure): None for check in checks}
    if not stats.knows_sizes and stats.types.keys() - {"string", "unknown"}:
        # A collection of unknown size is not looked into: an element may be as large as it is.
        why = stats.denied.get("MEMORY USAGE", "not answered")
        reasons |= {Skipped(check, f"MEMORY USAGE is {why}"): None for check in _PICKLE_CHECKS}
    if stats.unreadable:
        why = f"{stats.unreadable:,} keys may not be read by this user"
        reasons |= {Skipped(check, why): None for check in ("big_key", "keys_without_ttl", *_PICKLE_CHECKS)}
    if not stats.is_complete:
        reasons[Skipped("orphan_keys", "slots moved while the keys were scanned, so some may be missing")] = None
    return tuple(reasons)


def _pickles(stats: KeyspaceStats) -> Iterator[Finding]:
    if not stats.pickles:
        return
    first = _text(stats.pickle_keys[0]) if stats.pickle_keys else ""
    yield Finding(
        "pickle_values",
        Severity.CRITICAL,
        _prefix(_most_pickled(stats)),
        f"{stats.pickles:,} values are or hold Python pickles, {first} among them: anyone who can write here runs code "
        "in every program that unpickles them",
        {"keys": stats.pickles, "example": first},
        "store JSON instead, and purge what is there",
        _PICKLE,
    )


def _most_pickled(stats: KeyspaceStats) -> bytes:
    return max(stats.branches, key=lambda branch: branch.pickles or 0).prefix


def _big(stats: KeyspaceStats, expected: Expectations) -> Iterator[Finding]:
    big = [entry for entry in stats.biggest if entry.size_bytes >= expected.big_key_bytes]
    for entry in big[:_BIG_SHOWN]:
        is_huge = entry.size_bytes >= _HUGE * expected.big_key_bytes
        yield Finding(
            "big_key",
            Severity.WARNING if is_huge else Severity.INFO,
            _text(entry.key),
            f"this {entry.type} takes {format_size(entry.size_bytes)}; reading and deleting it holds up everybody",
            {"size_bytes": entry.size_bytes, "type": entry.type, "database": entry.db},
            "split it, or give it a TTL; delete it with UNLINK",
            "https://redis.io/docs/latest/commands/unlink/",
        )


def _without_ttl(stats: KeyspaceStats, expected: Expectations) -> Iterator[Finding]:
    below = {branch.prefix: branch for branch in stats.below}
    for prefix, ttl_s in expected.ttls.items():
        branch = below.get(prefix.encode())
        if branch is not None and branch.without_ttl:
            yield _lasting(branch, prefix, ttl_s)


def _suspects(stats: KeyspaceStats) -> Iterator[Finding]:
    if not stats.suspects:
        return
    first = _text(stats.suspect_keys[0]) if stats.suspect_keys else ""
    yield Finding(
        "pickle_like_values",
        Severity.WARNING,
        first,
        f"{stats.suspects:,} values begin like Python pickles and do not end like one: cut, or binary by chance",
        {"keys": stats.suspects, "example": first},
        f"boombap redis get {shlex.quote(first)}",
        _PICKLE,
    )


def _orphans(stats: KeyspaceStats) -> Iterator[Finding]:
    if not stats.orphans:
        return
    first = _text(stats.orphan_keys[0]) if stats.orphan_keys else ""
    noun = (
        "key is on a node that does not hold its slot"
        if stats.orphans == 1
        else "keys are on nodes that do not hold their slots"
    )
    yield Finding(
        "orphan_keys",
        Severity.WARNING,
        first,
        f"{stats.orphans:,} {noun} of the Cluster without its slot: memory that no client reaches",
        {"keys": stats.orphans, "example": first},
        "on that node: CLUSTER SETSLOT slot IMPORTING holder, then ASKING and UNLINK, then CLUSTER SETSLOT slot STABLE",
        _ORPHANS,
    )


def _lasting(branch: Branch, prefix: str, ttl_s: float) -> Finding:
    return Finding(
        "keys_without_ttl",
        Severity.WARNING,
        prefix,
        f"{branch.without_ttl:,} of {branch.keys:,} keys never expire; {format_duration(ttl_s)} are expected",
        {"keys": branch.without_ttl, "of": branch.keys, "ttl_s": ttl_s},
        f"boombap redis expire --match {shlex.quote(prefix + '*')} --ttl {round(ttl_s)}s",
        _EXPIRE,
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _prefix(raw: bytes) -> str:
    return _text(raw) or "(no prefix)"
