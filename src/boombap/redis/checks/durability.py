"""Judges whether data that is not a cache would survive, replicas keep up, and a Cluster serves every slot."""

from __future__ import annotations

from boombap.health.finding import Finding, Severity
from boombap.redis.model import Check
from boombap.units import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.redis.model import Expectations, NodeInfo

_DOCS = "https://redis.io/docs/latest/operate/oss_and_stack/management/"
_LAG_BYTES = 1024**2
_LAG_CRITICAL_BYTES = 100 * 1024**2


def check_persistence(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find saves that failed, and data that nothing evicts and nothing saves: a store without a net."""
    for name, kind in (("rdb_last_bgsave_status", "RDB"), ("aof_last_write_status", "AOF")):
        if facts.info.get(name) == "err":
            yield Finding(
                "persistence",
                Severity.CRITICAL,
                facts.address,
                f"the last write of the {kind} file failed",
                {"file": kind},
                "look at the server's log, and at the free space of its `dir`",
                f"{_DOCS}persistence/",
            )
    assert facts.config is not None, "asked for by the check"
    is_saved = facts.config.get("appendonly") == "yes" or bool(facts.config.get("save"))
    is_cache = facts.info.get("maxmemory_policy", "noeviction") != "noeviction"
    if not is_saved and not is_cache and facts.keys:
        yield Finding(
            "persistence",
            Severity.INFO,
            facts.address,
            f"{facts.keys:,} keys are never evicted, as in a store, and never saved, as in a cache",
            {"keys": facts.keys},
            "a cache: CONFIG SET maxmemory-policy allkeys-lfu\na store: CONFIG SET appendonly yes",
            f"{_DOCS}persistence/",
        )


def check_replication(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find replicas that have lost their master, or lag behind it."""
    if facts.info.get("role") == "slave" and facts.info.get("master_link_status") != "up":
        yield Finding(
            "replica_lag",
            Severity.CRITICAL,
            facts.address,
            "this replica has lost its master",
            {"down_s": int(facts.number("master_link_down_since_seconds"))},
            "check the network to the master, and masteruser and masterauth",
            f"{_DOCS}replication/",
        )
    offset = facts.number("master_repl_offset")
    for name, value in facts.info.items():
        if name.startswith("slave") and name[5:].isdigit():
            yield from _lag(facts, dict(part.partition("=")[::2] for part in value.split(",")), offset)


def _lag(facts: NodeInfo, replica: dict[str, str], offset: float) -> Iterator[Finding]:
    where = f"{replica.get('ip', '')}:{replica.get('port', '')}"
    behind = offset - float(replica.get("offset") or 0)
    if replica.get("state") != "online" or behind >= _LAG_BYTES:
        yield Finding(
            "replica_lag",
            Severity.CRITICAL if behind >= _LAG_CRITICAL_BYTES else Severity.WARNING,
            f"{facts.address} > {where}",
            f"the replica is {replica.get('state', 'away')} and {format_size(max(behind, 0))} behind",
            {"state": replica.get("state", ""), "behind_bytes": int(behind)},
            "check the network between both, and client-output-buffer-limit replica",
            f"{_DOCS}replication/",
        )


def check_cluster(facts: NodeInfo, expected: Expectations) -> Iterator[Finding]:
    """Find a Cluster that does not serve every slot."""
    cluster = facts.cluster or {}
    state, served = cluster.get("cluster_state"), cluster.get("cluster_slots_ok", "0")
    if state is not None and state != "ok":
        yield Finding(
            "cluster_state",
            Severity.CRITICAL,
            facts.address,
            f"the Cluster is {state}: {served} of 16384 slots are served",
            {"state": state, "slots_ok": int(served)},
            "CLUSTER NODES",
            f"{_DOCS}scaling/",
        )


CHECKS: tuple[Check, ...] = (
    Check("persistence", check_persistence, ("config",)),
    Check("replica_lag", check_replication),
    Check("cluster_state", check_cluster, ("cluster",)),
)
