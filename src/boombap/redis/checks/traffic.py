"""Judges whether the cache answers, turns clients away, and which commands hold everybody up."""

from __future__ import annotations

from boombap.health.finding import Finding, Severity
from boombap.redis.model import Check
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.redis.model import Expectations, NodeInfo

_DOCS = "https://redis.io/docs/latest/"
# A ratio of fewer reads says nothing yet.
_READS = 1000
_SLOW_US = 100_000
_VERY_SLOW_US = 1_000_000


def check_hit_ratio(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find a cache that mostly misses."""
    reads = facts.number("keyspace_hits") + facts.number("keyspace_misses")
    if facts.hit_pct is not None and reads >= _READS and facts.hit_pct < expected.hit_ratio_floor:
        yield Finding(
            "hit_ratio",
            Severity.WARNING,
            facts.address,
            f"{facts.hit_pct:.1f} % of {reads:,.0f} reads found their key; {expected.hit_ratio_floor:g} % are expected",
            {"hit_pct": round(facts.hit_pct, 1), "reads": int(reads), "floor_pct": expected.hit_ratio_floor},
            "see `boombap redis keys` for what fills it, then raise TTLs or maxmemory, or warm it",
            f"{_DOCS}develop/reference/eviction/",
        )


def check_rejected(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find clients that were turned away."""
    rejected = int(facts.number("rejected_connections"))
    if rejected:
        limit = facts.info.get("maxclients", "")
        yield Finding(
            "rejected_connections",
            Severity.WARNING,
            facts.address,
            f"{rejected:,} connections were refused since the start, because maxclients {limit} was reached",
            {"rejected": rejected, "clients": int(facts.number("connected_clients"))},
            "end idle clients (CONFIG SET timeout 300), or raise maxclients",
            f"{_DOCS}develop/reference/clients/",
        )


def check_slow(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find commands that everybody else had to wait for."""
    slow = [one for one in facts.slow_us or () if one >= _SLOW_US]
    if slow:
        severity = Severity.WARNING if slow[0] >= _VERY_SLOW_US else Severity.INFO
        yield Finding(
            "slow_commands",
            severity,
            facts.address,
            f"{len(slow)} commands in SLOWLOG took 100 ms or more, the longest {format_duration(slow[0] / 1e6)}",
            {"count": len(slow), "longest_us": slow[0]},
            "SLOWLOG GET 10",
            f"{_DOCS}commands/slowlog-get/",
        )


def check_keys_command(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find a client that uses KEYS, which stops the server while it looks at every key."""
    calls = facts.commands.get("keys", 0)
    if calls:
        yield Finding(
            "keys_in_use",
            Severity.WARNING,
            facts.address,
            f"KEYS was called {calls:,} times; each call holds up everybody until all keys were looked at",
            {"calls": calls, "keys": facts.keys},
            "use SCAN in the application, then take KEYS away: ACL SETUSER app -keys",
            f"{_DOCS}commands/keys/",
        )


CHECKS: tuple[Check, ...] = (
    Check("hit_ratio", check_hit_ratio),
    Check("rejected_connections", check_rejected),
    Check("slow_commands", check_slow, ("slow_us",)),
    Check("keys_in_use", check_keys_command),
)
