"""Backup, restore and copy: every type there and back, and the portable form where DUMP is not understood."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from backups import items_in
from boombap.clients.redis.deployment import opened
from boombap.errors import ConfigError, NotFound, UsageError
from boombap.interrupt import Interrupt
from boombap.redis.inspect import inspect_key
from boombap.redis.keyspace.pattern import matcher
from boombap.redis.keyspace.shards import Keyspace
from boombap.redis.transfer.backup_file import BackupFile
from boombap.redis.transfer.copying import backup, copy, restore
from boombap.redis.transfer.export_format import sealed
from boombap.redis.transfer.reading import fetch
from caches import LIMITS
from fakes.lying_redis import lying

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from boombap.clients.redis.target import Target
    from boombap.redis.model import Done, Value
    from caches import Cache, CacheCluster, Caches

KEYS: dict[bytes, tuple[Any, ...]] = {
    b"text": ("SET", "text", "v"),
    b"bin\xff\0\n": ("SET", b"bin\xff\0\n", bytes(range(256))),
    b"empty": ("SET", "empty", ""),
    b"list": ("RPUSH", "list", *range(2500)),
    b"set": ("SADD", "set", b"\xff", "b"),
    b"hash": ("HSET", "hash", b"f\xff", "1", "g", "2"),
    b"zset": ("ZADD", "zset", 1.5, "m", "-inf", "n", 3, b"\xff"),
    b"stream": ("XADD", "stream", "5-1", "f", "v"),
}
READ = {
    "string": ("GET",), "list": ("LRANGE", 0, -1), "set": ("SMEMBERS",), "hash": ("HGETALL",),
    "zset": ("ZRANGE", 0, -1, "WITHSCORES"), "stream": ("XRANGE", "-", "+"),
}  # fmt: skip


def fill(call: Callable[..., Any]) -> None:
    for command in KEYS.values():
        call(*command)
    call("PEXPIRE", "hash", 5_000_000)


def content(call: Callable[..., Any]) -> dict[bytes, Any]:
    found = {}
    for key in KEYS:
        kind = call("TYPE", key).decode()
        if kind != "none":
            name, *rest = READ[kind]
            value = call(name, key, *rest)
            found[key] = sorted(value) if kind == "set" else value
    return found


def see(cache: Cache, key: bytes) -> Value:
    with cache.pool() as pool:
        return inspect_key(pool, key)


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


def save(target: Target, file: Path, form: Any = "both") -> Done:
    with opened(target, Interrupt(), limits=LIMITS) as deployment:
        return backup(Keyspace(deployment, Interrupt(), LIMITS), b"*", matcher(b"*"), BackupFile(file, form), quiet)


def load(target: Target, file: Path, *, replaces: bool = False) -> Done:
    with opened(target, Interrupt(), limits=LIMITS) as deployment:
        return restore(file, lambda _: deployment, quiet, replaces=replaces)


@pytest.mark.parametrize("form", ["both", "portable", "dump"])
def test_every_type_comes_back(each_cache: Cache, tmp_path: Path, form: str):
    with each_cache.connection() as connection:
        fill(connection.call)
        before = content(connection.call)
        assert save(each_cache.target, tmp_path / "b.jsonl", form).changed == len(KEYS)
        connection.call("FLUSHALL")
        done = load(each_cache.target, tmp_path / "b.jsonl")
        assert (done.changed, done.skipped, done.failed) == (len(KEYS), 0, ())
        assert content(connection.call) == before
        assert 4_900_000 < connection.call("PTTL", "hash") <= 5_000_000
        assert connection.call("PTTL", "text") == -1


def test_what_is_there_is_kept_unless_told_otherwise(cache: Cache, tmp_path: Path):
    for form in ("both", "portable"):
        cache.clear()
        cache.call("SET", "k", "old")
        save(cache.target, tmp_path / form, form)
        cache.call("SET", "k", "new")
        assert load(cache.target, tmp_path / form).skipped == 1
        assert cache.call("GET", "k") == b"new"
        assert load(cache.target, tmp_path / form, replaces=True).changed == 1
        assert cache.call("GET", "k") == b"old"


def test_a_dump_of_another_version_falls_back_to_the_portable_form(cache: Cache, tmp_path: Path):
    with cache.connection() as connection:
        fill(connection.call)
        before = content(connection.call)
        save(cache.target, tmp_path / "b.jsonl")
        lines = (tmp_path / "b.jsonl").read_text().splitlines()
        spoilt = [lines[0]]
        for line in lines[1:]:
            item = {name: value for name, value in json.loads(line).items() if name != "crc32"}
            if "end" not in item:
                item["dump"] = {"base64": "AAFhYmP/AAAAAAAAAAAA"}
            spoilt.append(sealed(item).decode())
        (tmp_path / "b.jsonl").write_text("\n".join(spoilt) + "\n")
        connection.call("FLUSHALL")
        done = load(cache.target, tmp_path / "b.jsonl")
        assert (done.changed, done.fell_back) == (len(KEYS), len(KEYS))
        assert content(connection.call) == before


def test_a_dump_alone_that_is_refused_is_said(cache: Cache, tmp_path: Path):
    head = {"schema": "boombap.redis.backup/1"}
    item = {"db": 0, "key": "k", "type": "string", "ttl_ms": None, "dump": {"base64": "AAFh"}}
    (tmp_path / "b").write_text(json.dumps(head) + "\n" + json.dumps(item) + "\n")
    done = load(cache.target, tmp_path / "b")
    assert (done.changed, len(done.failed)) == (0, 1)
    assert "has no portable one" in done.failed[0][1]


@pytest.mark.parametrize("way", [("valkey", "redis"), ("redis", "valkey")])
def test_copy_between_versions(caches: Caches, way: tuple[str, str]):
    source, to = (getattr(caches, kind)() for kind in way)
    with source.connection() as ours, to.connection() as theirs:
        fill(ours.call)
        with (
            opened(source.target, Interrupt(), limits=LIMITS) as deployment,
            opened(to.target, Interrupt(), limits=LIMITS) as other,
        ):
            keyspace = Keyspace(deployment, Interrupt(), LIMITS)
            done = copy(keyspace, b"*", matcher(b"*"), lambda _: other, quiet, replaces=False)
        assert (done.changed, done.failed) == (len(KEYS), ())
        # Valkey 9 writes a DUMP that Redis 7.0 does not read.
        assert (done.fell_back > 0) == (way == ("valkey", "redis"))
        assert content(theirs.call) == content(ours.call)


def test_copy_into_a_cluster(cache: Cache, cache_cluster: CacheCluster):
    with cache.connection() as ours, cache.pool() as pool, cache_cluster.opened() as cluster:
        fill(ours.call)
        keyspace = Keyspace(pool, Interrupt(), LIMITS)
        done = copy(keyspace, b"*", matcher(b"*"), lambda _: cluster, quiet, replaces=False, form="portable")
        assert (done.changed, done.failed) == (len(KEYS), ())
        assert content(cluster.call) == content(ours.call)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a backup"), ("[]\n", "is not a backup"), ('{"schema": "other"}\n', "is not a backup"),
        ('{"schema": "boombap.redis.backup/1"}\nnonsense\n', "line 2 of"),
        ('{"schema": "boombap.redis.backup/1"}\n{"key": 1}\n', "line 2 of"),
    ],
)  # fmt: skip
def test_a_broken_file_changes_nothing(cache: Cache, tmp_path: Path, text: str, message: str):
    (tmp_path / "b").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load(cache.target, tmp_path / "b")
    with pytest.raises(ConfigError, match="cannot read"):
        list(items_in(tmp_path / "none"))


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (b'{"a": [1]}', "json", {"a": [1]}),
        (b"words", "text", "words"),
        (b"{broken", "text", "{broken"),
        (b"\x80\x04\x95", "pickle", "80 04 95"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd", "28 b5 2f fd 00"),
        (b"\x1f\x8b\x08", "gzip", "1f 8b 08"),
        (b"\xff\x00", "binary", "ff 00"),
        (b"[" * 100_000, "text", "[" * 100_000),
    ],
)
def test_a_value_is_decoded_or_named(cache: Cache, value: bytes, kind: str, shown: object):
    cache.call("SET", "k", value)
    found = see(cache, b"k")
    assert (found.kind, found.shown, found.length) == (kind, shown, len(value))


def test_a_pickle_is_never_loaded(cache: Cache, tmp_path: Path):
    witness = tmp_path / "executed"
    payload = b"\x80\x04cos\nsystem\n(S'touch " + str(witness).encode() + b"'\ntR."
    cache.call("SET", "k", payload)
    found = see(cache, b"k")
    assert "never loaded" in found.note
    assert not witness.exists()


def test_collections_are_shown_in_part(each_cache: Cache):
    with each_cache.connection() as connection:
        fill(connection.call)
    with each_cache.pool() as pool:
        assert inspect_key(pool, b"list").note == "the first 100 of 2,500 elements"
        assert inspect_key(pool, b"hash").shown == [[{"base64": "Zv8="}, "1"], ["g", "2"]]
        assert inspect_key(pool, b"zset").shown == [["n", float("-inf")], ["m", 1.5], [{"base64": "/w=="}, 3.0]]
        assert inspect_key(pool, b"stream").shown == [["5-1", ["f", "v"]]]
        assert sorted(map(str, inspect_key(pool, b"set").shown)) == ["b", "{'base64': '/w=='}"]  # type: ignore[call-overload]
        with pytest.raises(NotFound):
            inspect_key(pool, b"none")


def test_a_large_value_is_cut(cache: Cache):
    cache.call("SET", "k", b"x" * 3_000_000)
    found = see(cache, b"k")
    assert (found.length, len(str(found.shown)), found.note) == (
        3_000_000, 1024**2, "the first 1,048,576 of 3,000,000 bytes",
    )  # fmt: skip


def test_a_key_that_is_saved_twice_comes_back_with_its_last_value(cache: Cache, tmp_path: Path):
    for form in ("dump", "portable"):
        with BackupFile(tmp_path / form, form) as file, cache.connection() as connection:
            for number in range(3):
                connection.call("DEL", "k")
                connection.call("RPUSH", "k", *range(number + 1))
                file.save(fetch(connection, 0, [b"k"], form))
            file.save(fetch(connection, 0, [b"k"] * 400, form))
        cache.clear()
        assert (load(cache.target, tmp_path / form).changed, cache.call("LLEN", "k")) == (1, 3)
        assert load(cache.target, tmp_path / form, replaces=True).failed == ()
        assert cache.call("LRANGE", "k", 0, -1) == [b"0", b"1", b"2"]


def test_several_databases_are_not_poured_into_one(cache: Cache, tmp_path: Path):
    with BackupFile(tmp_path / "b") as file:
        for db in (0, 3):
            with cache.connection(cache.target.on(db)) as connection:
                connection.call("SET", "k", db)
                file.save(fetch(connection, db, [b"k"]))
    with (
        opened(cache.target, Interrupt(), limits=LIMITS) as deployment,
        pytest.raises(UsageError, match="holds keys of databases 0, 3, and the address names 0; add --db all"),
    ):
        restore(tmp_path / "b", lambda _: deployment, quiet, db=0, replaces=True)


STRANGERS = (b"artist:1", b"lyrics", b"LYRICS:1", b"my-lyrics:1", b"\nlyrics:1", b"")


def test_a_server_that_scans_past_the_pattern_has_only_what_matches_backed_up(tmp_path: Path):
    """A backup of a few keys may go to other hands than the rest of the cache."""
    file = tmp_path / "backup.jsonl"
    with lying(*STRANGERS, b"lyrics:1") as liar, opened(liar.target, Interrupt(), limits=LIMITS) as deployment:
        keyspace = Keyspace(deployment, Interrupt(), LIMITS)
        done = backup(keyspace, b"lyrics:*", matcher(b"lyrics:*"), BackupFile(file), quiet)
    assert {item.key for item in items_in(file)} == liar.touched_by(b"DUMP", b"GET") == {b"lyrics:1"}
    assert (done.seen, done.changed) == (1, 1)


@pytest.mark.parametrize("form", ["both", "dump", "portable"])
def test_a_server_that_scans_past_the_pattern_has_only_what_matches_copied(form: Any):
    with (
        lying(*STRANGERS, b"lyrics:1") as liar,
        lying() as other,
        opened(liar.target, Interrupt(), limits=LIMITS) as source,
        opened(other.target, Interrupt(), limits=LIMITS) as to,
    ):
        keyspace = Keyspace(source, Interrupt(), LIMITS)
        done = copy(keyspace, b"lyrics:*", matcher(b"lyrics:*"), lambda _: to, quiet, replaces=True, form=form)
    assert other.touched_by(b"RESTORE", b"SET", b"UNLINK", b"PEXPIRE") == {b"lyrics:1"}
    assert (done.seen, done.changed) == (1, 1)
