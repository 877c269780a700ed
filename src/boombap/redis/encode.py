"""Answers for machines, one object per command. Bytes that are not UTF-8 are base64 objects."""

from __future__ import annotations

from boombap.output.encode import plain as fields
from boombap.redis.json_text import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.health.finding import Finding
    from boombap.redis.acl_rules import User
    from boombap.redis.model import Branch, Done, Entry, Health, KeyspaceStats, NodeInfo, Plan, Value

_SCHEMA = "boombap.redis"
_NUMBERS = {
    "used_memory": "used_bytes",
    "maxmemory": "maxmemory_bytes",
    "connected_clients": "clients",
    "instantaneous_ops_per_sec": "ops_per_s",
    "evicted_keys": "evicted",
    "expired_keys": "expired",
    "keyspace_hits": "hits",
    "keyspace_misses": "misses",
    "rejected_connections": "rejected",
    "uptime_in_seconds": "uptime_s",
}


def info_object(nodes: Sequence[NodeInfo], health: Health, label: str, elapsed_ms: float) -> dict[str, object]:
    """Return the object of `redis info`."""
    return {
        "schema": f"{_SCHEMA}.info/1",
        "target": label,
        "engine": nodes[0].engine,
        "nodes": [_node(one) for one in nodes],
        "health": health_object(health),
        "elapsed_ms": round(elapsed_ms, 1),
    }


def _node(facts: NodeInfo) -> dict[str, object]:
    return {
        "address": facts.address,
        "product": facts.product,
        "version": facts.version,
        "role": {"master": "master", "slave": "replica"}.get(facts.info.get("role", ""), "unknown"),
        "keys": facts.keys,
        "databases": {str(db): keys for db, keys in facts.databases.items()},
        "maxmemory_policy": facts.info.get("maxmemory_policy", ""),
        "hit_pct": None if facts.hit_pct is None else round(facts.hit_pct, 1),
        **{name: int(facts.number(field)) for field, name in _NUMBERS.items()},
    }


def health_object(health: Health) -> dict[str, object]:
    """Return findings, those that are waived, and what was not judged."""
    return {
        **fields(health),
        "findings": [_finding(one) for one in health.findings],
        "waived": [_finding(one) for one in health.waived],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {**fields(finding), "severity": finding.severity.word}


def keys_object(stats: KeyspaceStats, health: Health, label: str, pattern: bytes) -> dict[str, object]:
    """Return the object of `redis keys`."""
    return {
        "schema": f"{_SCHEMA}.keys/1",
        "target": label,
        "match": plain(pattern),
        **stats_of_keys(stats),
        "health": health_object(health),
    }


def stats_of_keys(stats: KeyspaceStats) -> dict[str, object]:
    """Return what a walk has found."""
    return {
        **fields(stats),
        "types": {kind: {"keys": keys, "size_bytes": size} for kind, (keys, size) in stats.types.items()},
        "branches": [_branch(branch) for branch in stats.branches],
        "below": [_branch(branch) for branch in stats.below],
        "suspect_keys": [plain(key) for key in stats.suspect_keys],
        "orphan_keys": [plain(key) for key in stats.orphan_keys],
        "denied": dict(stats.denied),
        "biggest": [_entry(entry) for entry in stats.biggest],
        "pickle_keys": [plain(key) for key in stats.pickle_keys],
        "examples": [plain(key) for key in stats.examples],
        "databases": {str(db): keys for db, keys in stats.databases.items()},
        "elapsed_ms": round(stats.elapsed_ms, 1),
    }


def _branch(branch: Branch) -> dict[str, object]:
    return {
        **fields(branch),
        "prefix": plain(branch.prefix),
        "children": [_branch(one) for one in branch.children],
    }


def _entry(entry: Entry) -> dict[str, object]:
    return {**fields(entry), "key": plain(entry.key)}


def value_object(value: Value) -> dict[str, object]:
    """Return the object of `redis get`."""
    return {"schema": f"{_SCHEMA}.get/1", **fields(value), "key": plain(value.key), "denied": dict(value.denied)}


def change_object(plan: Plan | None, done: Done | None, label: str) -> dict[str, object]:
    """Return the object of everything that changes keys: the plan, and what was done when it was confirmed."""
    planned = None if plan is None else {
        **fields(plan),
        "pattern": plain(plan.pattern),
        "examples": [plain(key) for key in plan.examples],
        "databases": {str(db): keys for db, keys in plan.databases.items()},
    }  # fmt: skip
    return {"schema": f"{_SCHEMA}.change/1", "target": label, "plan": planned, "done": done and _done(done)}


def _done(done: Done) -> dict[str, object]:
    # Other answers do without the 7 ms that this import takes.
    from boombap.redis.transfer.export_format import LOSSES

    failed = [{"key": plain(key), "reason": reason} for key, reason in done.failed]
    losses = [{"kind": kind, "type": LOSSES[kind][0], "keys": keys} for kind, keys in sorted(done.losses.items())]
    return {**fields(done), "failed": failed, "losses": losses, "elapsed_ms": round(done.elapsed_ms, 1)}


def acl_object(users: Mapping[str, Sequence[User] | None], health: Health, label: str) -> dict[str, object]:
    """Return the object of `redis acl`; the users of a node that does not list them are None."""
    listed = {address: None if found is None else [fields(user) for user in found] for address, found in users.items()}
    return {"schema": f"{_SCHEMA}.acl/1", "target": label, "users": listed, "health": health_object(health)}


def stats_object(nodes: Sequence[NodeInfo], stats: KeyspaceStats | None, label: str) -> dict[str, object]:
    """Return the object of `redis stats`; without a scan there are no prefixes."""
    return {
        "schema": f"{_SCHEMA}.stats/1",
        "target": label,
        "nodes": [_node(one) for one in nodes],
        "prefixes": stats and [_branch(branch) for branch in stats.below if branch.keys],
        "unreadable": stats and stats.unreadable,
        "denied": stats and dict(stats.denied),
        "is_complete": stats and stats.is_complete,
    }
