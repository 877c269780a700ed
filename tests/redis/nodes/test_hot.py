"""The keys that are used most: by frequency where the server counts it, else by time, and the policy stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from redis_actions import ask, limited_user, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from caches import Cache, CacheCluster


@pytest.fixture
def lfu(each_cache: Cache) -> Iterator[Cache]:
    each_cache.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    yield each_cache
    each_cache.call("CONFIG", "SET", "maxmemory-policy", "noeviction")


def fill(cache: Cache) -> None:
    with cache.connection() as connection:
        connection.pipeline([("SET", f"artist:{number}", "x") for number in range(300)])
        connection.call("SET", b"hit\x1b\xff", "x")
        connection.pipeline([("GET", b"hit\x1b\xff")] * 5000)
        connection.pipeline([("GET", "artist:7")] * 300)


def test_frequencies(boombap: Any, lfu: Cache):
    fill(lfu)
    found = ask(boombap, lfu, "hot", "-n", "2")
    assert [key["key"] for key in found["keys"]] == [{"base64": "aGl0G/8="}, "artist:7"]
    assert found["keys"][0]["frequency"] > found["keys"][1]["frequency"] > 5
    assert found["nodes"][0]["looked_at"] == found["nodes"][0]["keys"] == 301
    assert (found["nodes"][0]["counts_uses"], found["is_complete"]) == (True, True)
    text = text_of(boombap, lfu, "hot", "--match", "hit*")
    assert all(word in text for word in ("used most", "hit\\x1b\\xff"))
    assert "sample" not in text
    assert ask(boombap, lfu, "hot", "--match", "artist:*", "--keys", "10")["nodes"][0]["looked_at"] == 300
    assert lfu.call("OBJECT", "FREQ", "artist:3") <= 5


def test_without_an_lfu_policy(boombap: Any, each_cache: Cache):
    fill(each_cache)
    found = ask(boombap, each_cache, "hot", "--keys", "100")
    assert (found["is_complete"], found["nodes"][0]["looked_at"], len(found["keys"])) == (False, 100, 20)
    assert (found["keys"][0]["frequency"], found["keys"][0]["idle_s"] is None) == (None, False)
    text = text_of(boombap, each_cache, "hot")
    assert all(word in text for word in ("maxmemory-policy allkeys-lfu", "used last", "noeviction"))
    assert "sample" not in text
    assert "this is a sample" in text_of(boombap, each_cache, "hot", "--keys", "10")
    policy = each_cache.call("CONFIG", "GET", "maxmemory-policy")
    assert b"noeviction" in (policy.values() if isinstance(policy, dict) else policy)


def test_what_was_used_last_comes_first(boombap: Any, own_cache: Callable[..., Cache]):
    cache = own_cache(enable_debug_command="yes")
    for key, idle_s in (("old", 100), ("new", 3), ("middle", 50)):
        cache.call("SET", key, "x")
        dump = cache.call("DUMP", key)
        cache.call("RESTORE", key, 0, dump, "REPLACE", "IDLETIME", idle_s)
    assert [key["key"] for key in ask(boombap, cache, "hot")["keys"]] == ["new", "middle", "old"]


def test_rights_that_are_missing_are_named(boombap: Any, cache: Cache):
    fill(cache)
    with limited_user(cache, "+@all", "-object") as url:
        found = ask(boombap, cache, "hot", code=3, url=url)
        assert [refused["command"] for refused in found["denied"]] == ["OBJECT IDLETIME"]
        assert found["keys"] == []
        assert "skipped: OBJECT IDLETIME" in text_of(boombap, cache, "hot", code=3, url=url)
    with limited_user(cache, "+@all", keys="~artist:*") as url:
        assert ask(boombap, cache, "hot", code=3, url=url)["unreadable"] == 1
        assert "1 keys may not be read" in text_of(boombap, cache, "hot", code=3, url=url)


def test_a_policy_that_may_not_be_asked_is_found_out(boombap: Any, lfu: Cache):
    fill(lfu)
    with limited_user(lfu, "+@all", "-info", "+info|keyspace", "+info|cluster", "+info|server") as url:
        found = ask(boombap, lfu, "hot", "-n", "1", url=url)
        assert (found["keys"][0]["frequency"] > 5, found["nodes"][0]["counts_uses"]) == (True, True)
        assert [refused["command"] for refused in found["denied"]] == ["INFO"]
        lfu.call("CONFIG", "SET", "maxmemory-policy", "noeviction")
        assert "does not say what its maxmemory-policy is" in text_of(boombap, lfu, "hot", url=url)


def test_a_cluster(boombap: Any, cache_cluster: CacheCluster):
    with cache_cluster.opened() as cluster:
        cluster.pipeline([("SET", f"artist:{number}", "x") for number in range(300)])
    found = ask(boombap, cache_cluster.nodes[4], "hot", "-n", "300")
    assert (len(found["nodes"]), len(found["keys"])) == (3, 300)
    assert len({key["node"] for key in found["keys"]}) == 3
