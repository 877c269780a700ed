"""Streams and their groups on real servers: who is behind, what is pending, and who works on it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from boombap.health.finding import Severity
from boombap.redis.checks import streams as checks
from boombap.redis.nodes.streams import GroupFacts, StreamFacts, Streams
from redis_actions import ask, limited_user, text_of

if TYPE_CHECKING:
    from caches import Cache, CacheCluster

GROUP = GroupFacts(b"mc", 10, 0, None, None, 1, 1, 0.0)


def ids(group: GroupFacts, max_lag: int = 10) -> dict[str, Severity]:
    seen = Streams((StreamFacts(b"feed", 0, "n:1", groups=(group,)),), 300.0, max_lag, ())
    return {finding.id: finding.severity for finding in checks.judge(seen)}


@pytest.mark.parametrize(
    ("lag", "severity"), [(10, None), (11, Severity.WARNING), (100, Severity.WARNING), (101, Severity.CRITICAL)]
)
def test_a_group_that_is_behind(lag: int, severity: Severity | None):
    assert ids(GROUP.replace(lag=lag)).get("stream_lag") == severity


def test_pending_entries_without_a_consumer_at_work():
    assert ids(GROUP.replace(pending=1)) == {}
    assert ids(GROUP.replace(pending=1, active_consumers=None)) == {}
    assert ids(GROUP.replace(active_consumers=0)) == {}
    assert ids(GROUP.replace(pending=1, active_consumers=0)) == {"stream_pending": Severity.WARNING}


def fill(cache: Any) -> None:
    cache.call("XGROUP", "CREATE", "feed:1", "mc", "0", "MKSTREAM")
    for number in range(5):
        cache.call("XADD", "feed:1", "*", "n", number)
    cache.call("XREADGROUP", "GROUP", "mc", b"\x1bdj", "COUNT", 2, "STREAMS", "feed:1", ">")
    cache.call("XADD", "log", "1-1", "a", "b")
    cache.call("SET", "feed:text", "x")


def test_real_streams(boombap: Any, each_cache: Cache):
    fill(each_cache)
    time.sleep(0.05)
    found = ask(boombap, each_cache, "streams", "--match", "feed:*", "--idle", "10ms", "--max-lag", "2")
    [stream] = found["streams"]
    assert (stream["key"], stream["length"], stream["size_bytes"] > 100) == ("feed:1", 5, True)
    assert 0 < stream["last_age_s"] <= stream["first_age_s"] < 60
    [group] = stream["groups"]
    assert (group["name"], group["lag"], group["pending"], group["consumers"]) == ("mc", 3, 2, 1)
    assert group["active_consumers"] == 0
    assert 0.04 <= group["oldest_pending_idle_s"] < 60
    assert 0.04 <= group["oldest_pending_age_s"] < 60
    assert {finding["id"] for finding in found["health"]["findings"]} == {"stream_lag", "stream_pending"}
    words = ("streams", "--max-lag", "2", "--fail-on", "warning")
    text = text_of(boombap, each_cache, *words, code=1)
    assert all(word in text for word in ("2 streams", "feed:1", "mc", "stream_lag", "1-1"))
    assert "no findings" in text_of(boombap, each_cache, "streams")


def test_a_lag_that_the_server_does_not_know_is_not_clean(boombap: Any, cache: Cache):
    fill(cache)
    cache.call("XGROUP", "SETID", "feed:1", "mc", "0-5")
    [middle] = cache.call("XRANGE", "feed:1", "-", "+", "COUNT", 4)[3:]
    cache.call("XDEL", "feed:1", middle[0])
    found = ask(boombap, cache, "streams")
    assert next(stream for stream in found["streams"] if stream["key"] == "feed:1")["groups"][0]["lag"] is None
    assert [skipped["id"] for skipped in found["health"]["skipped"]] == ["stream_lag"]


def test_databases_and_none(boombap: Any, cache: Cache):
    assert ask(boombap, cache, "streams")["streams"] == []
    with cache.connection(cache.target.on(3)) as connection:
        connection.call("XADD", b"raw:\xff\x1b", "*", "a", "b")
    [stream] = ask(boombap, cache, "streams")["streams"]
    assert (stream["db"], "base64" in stream["key"]) == (3, True)
    assert "raw:\\xff\\x1b" in text_of(boombap, cache, "streams")
    assert ask(boombap, cache, "streams", "--db", "0")["stream_count"] == 0


def test_rights_that_are_missing_are_named(boombap: Any, cache: Cache):
    fill(cache)
    with limited_user(cache, "+@all", "-xinfo") as url:
        found = ask(boombap, cache, "streams", code=3, url=url)
        assert {refused["command"] for refused in found["denied"]} == {"XINFO STREAM", "XINFO GROUPS"}
        assert found["streams"][0]["groups"] is None
        assert {skipped["id"] for skipped in found["health"]["skipped"]} == {"stream_lag", "stream_pending"}
    with limited_user(cache, "+@all", "-xinfo|consumers", "-time", "-xpending", "-memory") as url:
        text = text_of(boombap, cache, "streams", url=url)
        assert "skipped: XINFO CONSUMERS (not allowed to this user)" in text
        assert all(f"skipped: {command}" in text for command in ("TIME", "XPENDING", "MEMORY USAGE"))
        assert "skipped: stream_pending" in text
    with limited_user(cache, "+@all", keys="~log") as url:
        text = text_of(boombap, cache, "streams", code=3, url=url)
        assert "not allowed to this user for some keys" in text


def test_a_cluster(boombap: Any, cache_cluster: CacheCluster):
    with cache_cluster.opened() as cluster:
        for number in range(20):
            cluster.call("XADD", f"feed:{number}", "*", "a", "b")
    found = ask(boombap, cache_cluster.nodes[4], "streams", "-n", "100")
    assert found["stream_count"] == 20
    assert len({stream["node"] for stream in found["streams"]}) == 3
