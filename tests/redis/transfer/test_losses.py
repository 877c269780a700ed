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
    assert (shown.returncode, "lost 1 hash lost the TTL of its fields" in shown.stdout) == (3, True)
    assert facts(to)["streams"] == facts(source)["streams"]


@pytest.mark.parametrize("form", ["both", "portable"])
def test_pending_entries_are_in_the_dump_only(boombap: Run, each_cache: Cache, form: str):
    fill(each_cache)
    each_cache.call("XGROUP", "CREATE", "s", "dj", "0")
    each_cache.call("XREADGROUP", "GROUP", "dj", "ann", "COUNT", 1, "STREAMS", "s", ">")
    loss = [{"kind": "stream_pending", "type": "stream", "keys": 1}]
    is_lost = form == "portable"
    assert run(boombap, each_cache, "backup", "b.jsonl", "--form", form, code=3 * is_lost)["losses"] == loss * is_lost
    each_cache.call("FLUSHALL")
    assert run(boombap, each_cache, "restore", "b.jsonl", code=3 * is_lost)["losses"] == loss * is_lost
    assert run(boombap, each_cache, "restore", "b.jsonl", "--allow-loss", "--replace", "--yes")["changed"] == 3


def test_a_user_who_may_not_ask_is_told_of_it(boombap: Run, own_cache: Callable[..., Cache]):
    cache = own_cache()
    fill(cache)
    cache.call("ACL", "SETUSER", "u", "on", ">p", "~*", "+@all", "-hpttl", "-xinfo", "-memory", "-dump")
    url = cache.url.replace("redis://", "redis://u:p@")
    done = boombap("redis", "backup", "b.jsonl", "--format", "json", REDIS_URL=url)
    losses = {loss["kind"]: loss["keys"] for loss in json.loads(done.stdout)["done"]["losses"]}
    assert (done.returncode, losses) == (3, {"hash_field_ttls": 1, "stream_groups": 2, "stream_ids": 2})
