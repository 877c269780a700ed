"""What a form or an older server cannot hold: carried where it can be, otherwise counted, never silently lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.redis.connection import as_mapping
from boombap.redis.transfer.reading import LARGE_BYTES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from caches import Cache, Caches

    Run = Callable[..., subprocess.CompletedProcess[str]]


def run(boombap: Run, cache: Cache, *words: str, code: int = 0) -> Any:
    done = boombap("redis", *words, "--format", "json", REDIS_URL=cache.url)
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)["done"]


def fill(cache: Cache, *, is_large: bool = False) -> None:
    """Make a hash whose fields expire where the server knows that, and a stream with all that a stream can have."""
    with cache.connection() as connection:
        connection.call("HSET", "otp", "code", 1234, "name", "kool")
        connection.ask("HEXPIRE", "otp", 5000, "FIELDS", 1, "code")
        connection.pipeline([("XADD", "s", f"{number}-1", "f", "v" * 40) for number in range(1, 5)])
        connection.call("XDEL", "s", "4-1", "2-1")
        connection.call("XGROUP", "CREATE", "s", "mc", "3-1", "ENTRIESREAD", 3)
        connection.call("XGROUP", "CREATE", "empty", "mc", "0", "MKSTREAM")
        if is_large:
            connection.call("HSET", "otp", *(word for n in range(LARGE_BYTES // 50) for word in (f"f{n}", "v" * 20)))
            connection.pipeline(
                [("XADD", "s", f"{number}-1", "f", "v" * 100) for number in range(5, LARGE_BYTES // 50)]
            )


def facts(cache: Cache) -> dict[str, Any]:
    with cache.connection() as connection:
        streams = [as_mapping(connection.call("XINFO", "STREAM", key)) for key in ("s", "empty")]
        groups = [[as_mapping(group) for group in connection.call("XINFO", "GROUPS", key)] for key in ("s", "empty")]
        names = (b"length", b"last-generated-id", b"max-deleted-entry-id", b"entries-added")
        return {
            "streams": [[stream[name] for name in names] for stream in streams],
            "groups": groups,
            "fields": connection.call("HLEN", "otp"),
        }


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("form", ["both", "portable"])
def test_what_can_be_carried_is(boombap: Run, each_cache: Cache, form: str, is_large: bool):
    fill(each_cache, is_large=is_large)
    before = facts(each_cache)
    assert run(boombap, each_cache, "backup", "b.jsonl", "--form", form)["losses"] == []
    each_cache.call("FLUSHALL")
    done = run(boombap, each_cache, "restore", "b.jsonl")
    assert (done["changed"], done["losses"]) == (3, [])
    assert facts(each_cache) == before
    left = each_cache.ask("HTTL", "otp", "FIELDS", 2, "code", "name")
    if isinstance(left, list):
        assert 4900 < left[0] <= 5000
        assert left[1] == -1


@pytest.mark.parametrize("is_large", [False, True])
def test_a_server_that_knows_no_life_of_fields_is_told_of(boombap: Run, caches: Caches, is_large: bool):
    source, to = caches.valkey(), caches.redis()
    fill(source, is_large=is_large)
    done = run(boombap, source, "copy", "--to", to.url, code=3)
    assert done["losses"] == [{"kind": "hash_field_ttls", "type": "hash", "keys": 1}]
    assert (done["changed"], done["failed_count"]) == (3, 0)
    assert (
        run(boombap, source, "copy", "--to", to.url, "--replace", "--yes", "--allow-loss")["losses"] == done["losses"]
    )
    shown = boombap("redis", "copy", "--to", to.url, "--replace", "--yes", REDIS_URL=source.url)
    assert (shown.returncode, "loss 1 hash lost the TTL of its fields" in shown.stdout) == (3, True)
    assert facts(to)["streams"] == facts(source)["streams"]


def pend(cache: Cache, most: int = 2) -> None:
    """Let consumers take entries that they do not acknowledge, one of them twice."""
    cache.call("XGROUP", "CREATE", "s", "dj", "0")
    cache.call("XGROUP", "CREATECONSUMER", "s", "dj", "idle")
    cache.call("XREADGROUP", "GROUP", "dj", "ann", "COUNT", 1, "STREAMS", "s", ">")
    cache.call("XREADGROUP", "GROUP", "dj", b"b\xff", "COUNT", most, "STREAMS", "s", ">")
    cache.call("XREADGROUP", "GROUP", "dj", "ann", "COUNT", 1, "STREAMS", "s", "0")


def pending(cache: Cache) -> list[Any]:
    rows = cache.call("XPENDING", "s", "dj", "-", "+", 9000)
    names = sorted(as_mapping(consumer)[b"name"] for consumer in cache.call("XINFO", "CONSUMERS", "s", "dj"))
    return [names, *([entry, consumer, times] for entry, consumer, _, times in rows)]


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("form", ["both", "portable"])
def test_pending_entries_and_consumers_are_carried(boombap: Run, each_cache: Cache, form: str, is_large: bool):
    fill(each_cache, is_large=is_large)
    pend(each_cache, 1500)
    before, others = pending(each_cache), facts(each_cache)
    assert len(before) > (1400 if is_large else 2)
    assert run(boombap, each_cache, "backup", "b.jsonl", "--form", form)["losses"] == []
    each_cache.call("FLUSHALL")
    for words in ((), ("--replace", "--yes")):
        assert run(boombap, each_cache, "restore", "b.jsonl", *words)["losses"] == []
        assert pending(each_cache) == before
        assert facts(each_cache) == others


def test_pending_entries_that_the_stream_has_lost_are_counted(boombap: Run, each_cache: Cache):
    fill(each_cache)
    pend(each_cache)
    each_cache.call("XDEL", "s", "1-1")
    assert run(boombap, each_cache, "backup", "b.jsonl", "--form", "portable")["losses"] == []
    each_cache.call("FLUSHALL")
    loss = [{"kind": "stream_pending", "type": "stream", "keys": 1}]
    assert run(boombap, each_cache, "restore", "b.jsonl", code=3)["losses"] == loss
    assert run(boombap, each_cache, "restore", "b.jsonl", "--allow-loss", "--replace", "--yes")["changed"] == 3


def test_a_user_who_may_not_ask_is_told_of_it(boombap: Run, own_cache: Callable[..., Cache]):
    cache = own_cache()
    fill(cache)
    cache.call("ACL", "SETUSER", "u", "on", ">p", "~*", "+@all", "-hpttl", "-xinfo", "-memory", "-dump")
    url = cache.url.replace("redis://", "redis://u:p@")
    done = boombap("redis", "backup", "b.jsonl", "--format", "json", REDIS_URL=url)
    losses = {loss["kind"]: loss["keys"] for loss in json.loads(done.stdout)["done"]["losses"]}
    assert (done.returncode, losses) == (3, {"hash_field_ttls": 1, "stream_groups": 2, "stream_ids": 2})


def test_a_purge_lets_stay_what_its_backup_cannot_hold(boombap: Run, own_cache: Callable[..., Cache]):
    cache = own_cache()
    fill(cache)
    cache.call("SET", "plain", "1")
    cache.call("ACL", "SETUSER", "u", "on", ">p", "~*", "+@all", "-hpttl", "-xinfo", "-dump")
    url = cache.url.replace("redis://", "redis://u:p@")
    words = ("purge", "--match", "*", "--everything", "--backup", "b.jsonl", "--yes", "--format", "json")
    done = boombap("redis", *words, REDIS_URL=url)
    counts = json.loads(done.stdout)["done"]
    assert (done.returncode, counts["changed"], counts["failed_count"]) == (3, 1, 3), done.stderr
    assert cache.call("DBSIZE") == cache.call("EXISTS", "otp", "s", "empty") == 3
