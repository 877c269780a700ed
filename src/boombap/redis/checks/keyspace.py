"""What in the keys themselves is dangerous or wasteful? Judged from a walk, not from a node's facts."""

from __future__ import annotations

from boombap.health.finding import Finding, Severity
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.redis.model import Branch, Expectations, KeyspaceStats

_PICKLE = "https://docs.python.org/3/library/pickle.html"
_EXPIRE = "https://redis.io/docs/latest/commands/expire/"
_HUGE = 10
_BIG_SHOWN = 5


def judge(stats: KeyspaceStats, expected: Expectations) -> Iterator[Finding]:
    """Find pickles, big keys, and keys without the TTL that their prefix should have."""
    yield from _pickles(stats)
    yield from _big(stats, expected)
    yield from _without_ttl(stats, expected)


def _pickles(stats: KeyspaceStats) -> Iterator[Finding]:
    if not stats.pickles:
        return
    first = stats.pickle_keys[0].decode("utf-8", "backslashreplace") if stats.pickle_keys else ""
    yield Finding(
        "pickle_values",
        Severity.CRITICAL,
        _prefix(_most_pickled(stats)),
        f"{stats.pickles:,} values are Python pickles, {first} among them: anyone who can write here runs code in "
        "every program that unpickles them",
        {"keys": stats.pickles, "example": first},
        "store JSON instead, and purge what is there",
        _PICKLE,
    )


def _most_pickled(stats: KeyspaceStats) -> bytes:
    return max(stats.branches, key=lambda branch: branch.pickles).prefix


def _big(stats: KeyspaceStats, expected: Expectations) -> Iterator[Finding]:
    big = [entry for entry in stats.biggest if entry.size_bytes >= expected.big_key_bytes]
    for entry in big[:_BIG_SHOWN]:
        is_huge = entry.size_bytes >= _HUGE * expected.big_key_bytes
        yield Finding(
            "big_key",
            Severity.WARNING if is_huge else Severity.INFO,
            entry.key.decode("utf-8", "backslashreplace"),
            f"this {entry.type} takes {format_size(entry.size_bytes)}; reading and deleting it holds up everybody",
            {"size_bytes": entry.size_bytes, "type": entry.type, "database": entry.db},
            "split it, or give it a TTL; delete it with UNLINK",
            "https://redis.io/docs/latest/commands/unlink/",
        )


def _without_ttl(stats: KeyspaceStats, expected: Expectations) -> Iterator[Finding]:
    branches = {twig.prefix: twig for branch in stats.branches for twig in (branch, *branch.children)}
    for prefix, ttl_s in expected.ttls.items():
        branch = branches.get(prefix.encode())
        if branch is not None and branch.without_ttl:
            yield _lasting(branch, prefix, ttl_s)


def _lasting(branch: Branch, prefix: str, ttl_s: float) -> Finding:
    return Finding(
        "keys_without_ttl",
        Severity.WARNING,
        prefix,
        f"{branch.without_ttl:,} of {branch.keys:,} keys never expire; {format_duration(ttl_s)} are expected",
        {"keys": branch.without_ttl, "of": branch.keys, "ttl_s": ttl_s},
        f"boombap redis expire --match '{prefix}*' --ttl {round(ttl_s)}s",
        _EXPIRE,
    )


def _prefix(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace") or "(no prefix)"
