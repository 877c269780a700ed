"""How long PING and commands take, on real servers, and what a node says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boombap.redis.nodes.latency import from_histogram, hints
from redis_actions import ask, limited_user, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from caches import Cache, CacheCluster


def test_percentiles_are_upper_ends_of_steps():
    reply = [b"get", [b"calls", 100, b"histogram_usec", [1, 50, 2, 98, 4, 99, 1024, 100]], b"set", {
        b"calls": 0, b"histogram_usec": {},
    }]  # fmt: skip
    [command] = from_histogram(reply, {"get": (100, 1.5)})
    assert (command.p50_us, command.p99_us, command.max_us, command.mean_us) == (1.0, 4.0, 1024.0, 1.5)


def test_hints():
    assert hints({"latest_fork_usec": "99999", "aof_delayed_fsync": "0"}) == ()
    [fork, fsync] = hints({"latest_fork_usec": "100000", "aof_delayed_fsync": "3"})
    assert "100 ms" in fork
    assert "3 times" in fsync


def test_real_latencies(boombap: Any, each_cache: Cache):
    each_cache.call("SET", "k", "v")
    each_cache.call("GET", "k")
    found = ask(boombap, each_cache, "latency", "--samples", "50", "-n", "100")
    [node] = found["nodes"]
    assert 0 < node["ping"]["p50_us"] <= node["ping"]["p99_us"] <= node["ping"]["max_us"]
    assert 0 < node["ping"]["server_us"] < node["ping"]["max_us"]
    assert (node["has_histogram"], found["samples"], found["denied"]) == (True, 50, [])
    assert 0 < found["client"]["cpu_us"] < node["ping"]["max_us"]
    names = {command["name"]: command for command in node["commands"]}
    assert {"get", "set"} <= names.keys()
    assert names["get"]["p50_us"] <= names["get"]["p99_us"] <= names["get"]["max_us"]
    text = text_of(boombap, each_cache, "latency")
    assert all(word in text for word in ("200 PINGs per node", "p99 us", "events are not kept", "of that this client"))


def test_events(boombap: Any, own_cache: Callable[..., Cache]):
    cache = own_cache(latency_monitor_threshold="1", enable_debug_command="yes")
    assert "no event took 1 ms" in text_of(boombap, cache, "latency")
    cache.call("DEBUG", "SLEEP", "0.02")
    [event] = ask(boombap, cache, "latency")["nodes"][0]["events"]
    assert (event["name"], event["max_ms"] >= 20) == ("command", True)
    assert "max ms" in text_of(boombap, cache, "latency")


def test_rights_that_are_missing_are_named(boombap: Any, cache: Cache):
    with limited_user(cache, "+@all", "-latency", "-config") as url:
        found = ask(boombap, cache, "latency", url=url)
        assert [refused["command"] for refused in found["denied"]] == [
            "CONFIG GET", "LATENCY HISTOGRAM", "LATENCY LATEST",
        ]  # fmt: skip
        [node] = found["nodes"]
        assert (node["has_histogram"], node["monitor_threshold_ms"], node["commands"][0]["p50_us"]) == (
            False,
            None,
            None,
        )
        text = text_of(boombap, cache, "latency", url=url)
        assert "skipped: LATENCY HISTOGRAM (not allowed to this user)" in text
        assert "means only" in text
        assert "no event" not in text


def test_every_master_of_a_cluster(boombap: Any, cache_cluster: CacheCluster):
    assert len(ask(boombap, cache_cluster.nodes[4], "latency", "--samples", "5")["nodes"]) == 3
