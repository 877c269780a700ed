"""Who is connected: groups of clients, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from boombap.health.finding import Severity
from boombap.redis.checks import clients as checks
from boombap.redis.nodes.clients import ClientNode, Clients, grouped, parsed
from redis_actions import ask, limited_user, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from caches import Cache, CacheCluster

MIB = 1 << 20
ROW = "id=1 addr=10.0.0.1:5{} name=app age=9 idle={} flags={} omem={} user=default lib-name=redis-py lib-ver=5.0"


def clients(*rows: str, connected: int = 1, max_clients: int = 100, idle_limit_s: float = 300.0) -> Clients:
    node = ClientNode("n:1", connected, max_clients, is_listed=True)
    return Clients((node,), tuple(grouped("n:1", parsed("\n".join(rows)), idle_limit_s)), idle_limit_s, ())


def ids(seen: Clients) -> dict[str, Severity]:
    return {finding.id: finding.severity for finding in checks.judge(seen)}


def test_clients_are_grouped():
    seen = clients(ROW.format(1, 300, "N", 5), ROW.format(2, 10, "b", 7), ROW.format(3, 0, "P", 0))
    [group] = seen.groups
    assert (group.name, group.user, group.host, group.library) == ("app", "default", "10.0.0.1", "redis-py 5.0")
    assert (group.count, group.idle, group.longest_idle_s, group.output_bytes) == (3, 1, 300, 12)
    assert (group.max_output_bytes, group.blocked, group.pubsub, group.monitors) == (7, 1, 1, 0)
    assert ids(seen) == {}


def test_the_name_of_a_user_does_not_end_a_line():
    assert [group.user for group in clients("addr=a:1 user=dj\u2028\x1cx omem=0").groups] == ["dj\u2028\x1cx"]


def test_a_process_id_in_a_name_makes_no_group_of_its_own():
    rows = [ROW.format(1, 0, "N", 0).replace("name=app", f"name=app-{number}") for number in (7, 4711)]
    assert [(group.name, group.count) for group in clients(*rows).groups] == [("app-<n>", 2)]


@pytest.mark.parametrize(
    ("omem", "found"), [(8 * MIB - 1, {}), (8 * MIB, {"output_buffer": Severity.WARNING})]
)  # fmt: skip
def test_a_large_output_buffer(omem: int, found: dict[str, Severity]):
    assert ids(clients(ROW.format(1, 0, "N", omem))) == found


def test_monitor_is_found():
    assert ids(clients(ROW.format(1, 0, "O", 0))) == {"monitor_in_use": Severity.WARNING}


@pytest.mark.parametrize(("count", "found"), [(999, {}), (1000, {"idle_clients": Severity.WARNING})])
def test_thousands_of_idle_clients(count: int, found: dict[str, Severity]):
    assert ids(clients(*[ROW.format(1, 301, "N", 0)] * count)) == found


@pytest.mark.parametrize(("connected", "severity"), [(79, None), (80, Severity.WARNING), (95, Severity.CRITICAL)])
def test_few_more_clients_are_taken(connected: int, severity: Severity | None):
    assert ids(clients(connected=connected)).get("near_maxclients") == severity


def test_real_clients(boombap: Any, each_cache: Cache):
    with each_cache.connection() as waiting:
        waiting.call("CLIENT", "SETNAME", "crate-digger")
        found = ask(boombap, each_cache, "clients", "--idle", "1h", "-n", "100")
        [group] = [group for group in found["groups"] if group["name"] == "crate-digger"]
        assert (group["count"], group["user"], group["host"], group["idle"]) == (1, "default", "127.0.0.1", 0)
        assert found["nodes"][0]["max_clients"] > 10
        text = text_of(boombap, each_cache, "clients", "-n", "1000")
        assert all(word in text for word in ("crate-digger", "no findings", "longest idle"))


def test_a_server_that_is_almost_full(boombap: Any, own_cache: Callable[..., Cache]):
    cache = own_cache()
    cache.call("CONFIG", "SET", "maxclients", 20)
    held = [cache.connection() for _ in range(18)]
    for connection in held:
        connection.__enter__()
    try:
        found = ask(boombap, cache, "clients", "--fail-on", "warning", code=1)
        assert [finding["id"] for finding in found["health"]["findings"]] == ["near_maxclients"]
    finally:
        for connection in held:
            connection.__exit__(None, None, None)


def test_rights_that_are_missing_are_named(boombap: Any, cache: Cache):
    with limited_user(cache, "+@all", "-client|list") as url:
        found = ask(boombap, cache, "clients", code=3, url=url)
        assert [refused["command"] for refused in found["denied"]] == ["CLIENT LIST"]
        assert {skipped["id"] for skipped in found["health"]["skipped"]} == {
            "output_buffer", "monitor_in_use", "idle_clients",
        }  # fmt: skip
        text = text_of(boombap, cache, "clients", code=3, url=url)
        assert "skipped: CLIENT LIST (not allowed to this user)" in text
    with limited_user(cache, "+@all", "-info") as url:
        assert "near_maxclients" in text_of(boombap, cache, "clients", url=url)


def test_every_master_of_a_cluster(boombap: Any, cache_cluster: CacheCluster):
    found = ask(boombap, cache_cluster.nodes[4], "clients")
    assert len({node["address"] for node in found["nodes"]}) == 3
    assert {group["node"] for group in found["groups"]} == {node["address"] for node in found["nodes"]}
