"""Judges whether memory is bounded in a way that fits a cache, and whether it is lost between the values."""

from __future__ import annotations

from boombap.health.finding import Finding, Severity
from boombap.redis.model import Check
from boombap.units import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.health.finding import Evidence
    from boombap.redis.model import Expectations, NodeInfo

_EVICTION = "https://redis.io/docs/latest/develop/reference/eviction/"
_DEFRAG = "https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/"
_FRAGMENTED = 1.5
# Below that, the ratio says more about the allocator's start than about loss.
_FRAGMENTED_BYTES = 100 * 1024**2
_NEARLY_FULL = 0.9


def check_bound(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find a cache that grows until the system's memory ends."""
    if not facts.number("maxmemory"):
        used, system = facts.number("used_memory"), facts.number("total_system_memory")
        yield Finding(
            "maxmemory_unset",
            Severity.WARNING,
            facts.address,
            f"maxmemory is not set: the cache ({format_size(used)}) grows until the system's memory ends",
            {"used_bytes": int(used), "system_bytes": int(system)},
            f"CONFIG SET maxmemory {_advised(used, system)}",
            _EVICTION,
        )


def _advised(used: float, system: float) -> str:
    bytes_ = max(used * 2, 256 * 1024**2)
    return f"{int(min(bytes_, system * 0.6) if system else bytes_) // 1024**2}mb"


def check_policy(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find a policy that refuses writes, or finds nothing to evict, when memory is full."""
    policy, limit = facts.info.get("maxmemory_policy", ""), facts.number("maxmemory")
    used = facts.number("used_memory")
    is_full = bool(limit) and used >= _NEARLY_FULL * limit
    evidence: dict[str, Evidence] = {"policy": policy, "used_bytes": int(used), "maxmemory_bytes": int(limit)}
    if policy == "noeviction" and limit:
        state = f"{100 * used / limit:.0f} % of maxmemory is used"
        yield Finding(
            "eviction_policy",
            Severity.CRITICAL if is_full else Severity.WARNING,
            facts.address,
            f"the policy noeviction refuses writes once memory is full; {state}",
            evidence,
            "CONFIG SET maxmemory-policy allkeys-lfu",
            _EVICTION,
        )
    if policy.startswith("volatile-") and limit and facts.keys and not _expiring(facts):
        yield Finding(
            "eviction_policy",
            Severity.WARNING,
            facts.address,
            f"the policy {policy} evicts keys with a TTL only, and no key has one",
            evidence,
            "CONFIG SET maxmemory-policy allkeys-lfu",
            _EVICTION,
        )


def _expiring(facts: NodeInfo) -> int:
    lines = (value for name, value in facts.info.items() if name.startswith("db") and "expires=" in value)
    return sum(int(line.partition("expires=")[2].partition(",")[0]) for line in lines)


def check_fragmentation(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find memory that the allocator holds and no value uses."""
    ratio, lost = facts.number("allocator_frag_ratio"), facts.number("allocator_frag_bytes")
    if ratio >= _FRAGMENTED and lost >= _FRAGMENTED_BYTES:
        yield Finding(
            "fragmentation",
            Severity.WARNING,
            facts.address,
            f"{format_size(lost)} lie between the values (fragmentation {ratio:.1f})",
            {"ratio": ratio, "lost_bytes": int(lost)},
            "CONFIG SET activedefrag yes",
            _DEFRAG,
        )


CHECKS: tuple[Check, ...] = (
    Check("maxmemory_unset", check_bound),
    Check("eviction_policy", check_policy),
    Check("fragmentation", check_fragmentation),
)
