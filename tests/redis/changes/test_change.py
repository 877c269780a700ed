"""Purge and expire: nothing outside the pattern, resumed after a kill, slower when the server is."""

from __future__ import annotations

import json
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from backups import items_in
from boombap.clients.redis.deployment import opened
from boombap.config.secret import Secret
from boombap.errors import AccessDenied, ExternalError, Interrupted, QueryFailed, UsageError
from boombap.interrupt import Interrupt
from boombap.local.process import poll
from boombap.redis.changes.change import Change
from boombap.redis.keyspace.checkpoint import Checkpoint
from boombap.redis.keyspace.shards import Keyspace
from boombap.redis.model import Plan
from boombap.redis.transfer.backup_file import BackupFile
from caches import LIMITS
from fakes.lying_redis import lying

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from boombap.clients.redis.target import Target
    from boombap.redis.model import Done
    from boombap.redis.transfer.export_format import ExportedKey
    from caches import Cache, CacheCluster

STRANGERS = (b"artist:1", b"lyrics", b"LYRICS:1", b"my-lyrics:1", b"\nlyrics:1", b"")


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


def change(
    target: Target,
    folder: Path,
    pattern: bytes,
    *,
    action: str = "purge",
    ttl_ms: int | None = None,
    progress: Callable[[int, int], None] = quiet,
    interrupt: Interrupt | None = None,
    backup: BackupFile | None = None,
) -> Done:
    interrupt = interrupt or Interrupt()
    with opened(target, interrupt, limits=LIMITS) as deployment:
        checkpoint = Checkpoint(folder, target.label, action, pattern)
        resumed = checkpoint.read()
        wanted = Plan(action, pattern, 0, 0, (), ttl_ms)
        keyspace = Keyspace(deployment, interrupt, LIMITS, patience_s=1.0)
        return Change(keyspace, wanted, checkpoint, progress, backup=backup, resumed=resumed).run()


def fill(cache: Cache, count: int = 5000) -> None:
    with cache.connection() as connection:
        connection.pipeline(
            [(*("SET", f"{prefix}:{number}", "x"),) for number in range(count) for prefix in ("lyrics", "artist")]
        )


def test_a_purge_deletes_what_matches_and_nothing_else(each_cache: Cache, tmp_path: Path):
    fill(each_cache)
    each_cache.call("SET", "lyrics", "no colon")
    with each_cache.connection(each_cache.target.on(3)) as connection:
        connection.call("SET", "lyrics:far", 1)
    done = change(each_cache.target, tmp_path / "j", b"lyrics:*")
    assert (done.seen, done.changed, done.skipped) == (5001, 5001, 0)
    assert each_cache.call("DBSIZE") == 5001
    assert each_cache.call("GET", "lyrics") == b"no colon"


@pytest.mark.parametrize("backs_up", [False, True])
def test_a_server_that_scans_past_the_pattern_cannot_have_a_key_deleted(tmp_path: Path, backs_up: bool):
    """Each key is matched a second time here: a proxy, a fork or a bug of the server must not cost data."""
    file = tmp_path / "backup.jsonl"
    with lying(b"lyrics:1", *STRANGERS, b"lyrics:2") as liar, BackupFile(file) if backs_up else nullcontext() as backup:
        done = change(liar.target, tmp_path / "j", b"lyrics:*", backup=backup)
    assert liar.touched_by(b"UNLINK", b"DEL") == {b"lyrics:1", b"lyrics:2"}
    assert (done.changed, done.left) == (0 if backs_up else 4, 2), "they are there again after each of two laps"
    assert liar.touched_by(b"DUMP", b"GET") == ({b"lyrics:1", b"lyrics:2"} if backs_up else set())


def test_a_key_whose_value_could_not_be_read_is_not_deleted(tmp_path: Path):
    """Whatever becomes of it between DUMP and UNLINK, it is not in the backup."""
    with lying(b"lyrics:1") as liar, BackupFile(tmp_path / "backup.jsonl") as backup:
        liar.answers[b"DUMP"] = b"$-1\r\n"
        done = change(liar.target, tmp_path / "j", b"lyrics:*", backup=backup)
    assert liar.touched_by(b"UNLINK", b"DEL") == set()
    assert (done.seen, done.changed, done.skipped, done.left) == (1, 0, 1, 1)


def test_a_server_that_scans_past_the_pattern_cannot_have_a_key_expired(tmp_path: Path):
    with lying(*STRANGERS, b"lyrics:1") as liar:
        change(liar.target, tmp_path / "j", b"lyrics:*", action="expire", ttl_ms=1000)
    assert liar.touched_by(b"PEXPIRE", b"EXPIRE", b"PTTL") == {b"lyrics:1"}


def test_odd_names_are_deleted_exactly(cache: Cache, tmp_path: Path):
    keys = [b"a*b", b"aXb", b"a\nb", b"a\0b", b"\xff"]
    with cache.connection() as connection:
        connection.pipeline([("SET", key, 1) for key in keys])
    assert change(cache.target, tmp_path / "j", b"a\\*b").changed == 1
    assert change(cache.target, tmp_path / "j", b"a[\n]b").changed == 1
    assert set(cache.call("KEYS", "*")) == {b"aXb", b"a\0b", b"\xff"}


def test_a_cluster_is_purged(cache_cluster: CacheCluster, tmp_path: Path):
    with cache_cluster.opened() as cluster:
        cluster.pipeline([("SET", f"{prefix}:{n}", 1) for n in range(1000) for prefix in ("lyrics", "artist")])
        assert change(cache_cluster.target, tmp_path / "j", b"lyrics:*").changed == 1000
        assert sum(pool.call("DBSIZE") for pool in cluster.masters()) == 1000


def test_a_killed_purge_is_resumed_within_its_pattern(cache: Cache, tmp_path: Path):
    fill(cache, 10_000)
    interrupt = Interrupt()

    def stop(done: int, _: int) -> None:
        if done > 3000:
            interrupt.set(2)
            interrupt.end_waits()

    with pytest.raises(Interrupted):
        change(cache.target, tmp_path / "j", b"lyrics:*", progress=stop, interrupt=interrupt)
    left = cache.call("DBSIZE")
    assert 10_000 < left < 17_000
    done = change(cache.target, tmp_path / "j", b"lyrics:*")
    assert done.resumed
    assert cache.call("DBSIZE") == 10_000
    assert set(cache.call("KEYS", "lyrics:*")) == set()
    # Another pattern has another checkpoint.
    assert not change(cache.target, tmp_path / "j", b"artist:1*").resumed


@pytest.mark.parametrize("stops_at", [300, 3000, 9000])
def test_a_resumed_purge_deletes_what_was_written_meanwhile(cache: Cache, tmp_path: Path, stops_at: int):
    """What lies before the cursor is scanned too: "done" is not said of keys that are there."""
    fill(cache, 10_000)
    interrupt = Interrupt()

    def stop(done: int, _: int) -> None:
        if done > stops_at:
            interrupt.set(2)
            interrupt.end_waits()

    with pytest.raises(Interrupted):
        change(cache.target, tmp_path / "j", b"lyrics:*", progress=stop, interrupt=interrupt)
    fill(cache, 10_000)
    done = change(cache.target, tmp_path / "j", b"lyrics:*")
    assert (done.resumed, done.changed, done.left) == (True, 10_000, 0)
    assert cache.call("DBSIZE") == 10_000


def test_an_expire_that_was_interrupted_reaches_keys_that_came_meanwhile(cache: Cache, tmp_path: Path):
    fill(cache, 10_000)
    minute: Any = {"action": "expire", "ttl_ms": 60_000}
    interrupt = Interrupt()

    def stop(done: int, _: int) -> None:
        if done > 3000:
            interrupt.set(2)
            interrupt.end_waits()

    with pytest.raises(Interrupted):
        change(cache.target, tmp_path / "j", b"lyrics:*", **minute, progress=stop, interrupt=interrupt)
    fill(cache, 10_000)  # SET takes a TTL away
    done = change(cache.target, tmp_path / "j", b"lyrics:*", **minute)
    assert (done.resumed, done.left) == (True, 0)
    with cache.connection() as connection:
        lasting = connection.pipeline([("TTL", f"lyrics:{number}") for number in range(10_000)])
    assert all(0 < ttl <= 60 for ttl in lasting)


def test_keys_that_are_written_all_the_while_are_told(cache: Cache, tmp_path: Path):
    stop, has_begun = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        with cache.connection() as connection:
            while not stop.is_set():
                connection.pipeline([("SET", f"lyrics:new:{number + each}", "x") for each in range(50)])
                number += 50
                has_begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert has_begun.wait(20)
        # The writer may rest for the 15 ms that a purge takes: then there was nothing to tell.
        for attempt in range(20):
            fill(cache, 2000)
            done = change(cache.target, tmp_path / f"j{attempt}", b"lyrics:*")
            if done.left:
                break
    finally:
        stop.set()
        writer.join()
    assert done.left
    assert done.left > 0


def test_the_checkpoint_of_an_earlier_version_is_resumed(cache: Cache, tmp_path: Path):
    fill(cache, 5000)
    checkpoint = Checkpoint(tmp_path / "j", cache.target.label, "purge", b"lyrics:*")
    checkpoint.write()
    (file,) = (tmp_path / "j").iterdir()
    run_id = next(
        line.partition(b":")[2] for line in cache.call("INFO", "server").splitlines() if line.startswith(b"run_id:")
    )
    cursor = int(cache.call("SCAN", 0, "COUNT", 500)[0])
    file.write_text(json.dumps({f"{cache.target.address}/0": [run_id.decode(), cursor, None]}))
    done = change(cache.target, tmp_path / "j", b"lyrics:*")
    assert (done.resumed, done.changed, done.left) == (True, 5000, 0)


def test_two_purges_at_once_delete_each_key_once(cache: Cache, tmp_path: Path):
    fill(cache, 10_000)
    found: list[Done] = []
    threads = [
        threading.Thread(target=lambda at=at: found.append(change(cache.target, tmp_path / at, b"lyrics:*")))
        for at in ("one", "two")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done.changed for done in found) == 10_000
    assert cache.call("DBSIZE") == 10_000


def test_what_is_deleted_is_in_the_backup(cache: Cache, tmp_path: Path):
    fill(cache, 3000)
    file = tmp_path / "backup.jsonl"
    with BackupFile(file) as backup:
        change(cache.target, tmp_path / "j", b"lyrics:*", backup=backup)
    assert {item.key for item in items_in(file)} == {b"lyrics:%d" % number for number in range(3000)}
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="exists already"), BackupFile(file):
        pass


def test_an_interrupted_purge_keeps_its_backup(cache: Cache, tmp_path: Path):
    fill(cache, 10_000)
    interrupt = Interrupt()

    def stop(done: int, _: int) -> None:
        if done > 3000:
            interrupt.set(2)
            interrupt.end_waits()

    file = tmp_path / "backup.jsonl"
    with pytest.raises(Interrupted), BackupFile(file, job="purge lyrics:*") as backup:
        change(cache.target, tmp_path / "j", b"lyrics:*", backup=backup, progress=stop, interrupt=interrupt)
    assert not file.exists()
    with BackupFile(file, job="purge lyrics:*") as backup:
        assert backup.continued
        change(cache.target, tmp_path / "j", b"lyrics:*", backup=backup)
    assert {item.key for item in items_in(file)} == {b"lyrics:%d" % number for number in range(10_000)}
    assert cache.call("DBSIZE") == 10_000


def test_a_key_that_is_not_in_the_backup_is_not_deleted(cache: Cache, tmp_path: Path):
    fill(cache, 10)

    class Forgetful(BackupFile):
        """Its disk fails at the first item."""

        def save(self, items: Sequence[ExportedKey]) -> None:
            raise ExternalError("cannot write: no space left on device")

    with pytest.raises(ExternalError), Forgetful(tmp_path / "b", job="purge") as backup:
        change(cache.target, tmp_path / "j", b"lyrics:*", backup=backup)
    assert cache.call("DBSIZE") == 20
    assert list(tmp_path.glob("b*")) == []


def test_a_large_key_that_changes_while_it_is_saved_is_not_deleted(cache: Cache, tmp_path: Path):
    with cache.connection() as connection:
        connection.pipeline([("RPUSH", "a:hot", *(b"%0100d" % n for n in range(1000))) for _ in range(5)])
        connection.call("SET", "a:quiet", 1)

    class Watched(BackupFile):
        """Somebody writes the list whenever a window of it is saved."""

        def _append(self, lines: Sequence[bytes]) -> None:
            super()._append(lines)
            if any(b'"part": 0' in line for line in lines):
                cache.call("LSET", "a:hot", 0, "other")

    with Watched(tmp_path / "b", job="purge") as backup:
        done = change(cache.target, tmp_path / "j", b"a:*", backup=backup)
    assert (done.seen, done.changed, done.skipped, done.failed_count) == (2, 1, 0, 1)
    assert done.failed == ((b"a:hot", "its value changed while it was read"),)
    assert cache.call("KEYS", "*") == [b"a:hot"]
    assert {item.key for item in items_in(tmp_path / "b")} == {b"a:quiet"}


def test_expire_never_lengthens_a_life(each_cache: Cache, tmp_path: Path):
    with each_cache.connection() as connection:
        connection.pipeline([("SET", "a:none", 1), ("SET", "a:long", 1, "EX", 9000), ("SET", "a:short", 1, "EX", 10)])
        done = change(each_cache.target, tmp_path / "j", b"a:*", action="expire", ttl_ms=3_600_000)
        assert (done.seen, done.changed, done.skipped) == (3, 2, 1)
        ttls = connection.pipeline([("TTL", key) for key in ("a:none", "a:long", "a:short")])
    assert all(abs(ttl - want) <= 1 for ttl, want in zip(ttls, [3600, 3600, 10], strict=True))


def test_unlink_that_is_renamed(own_cache: Callable[..., Cache], tmp_path: Path):
    old = own_cache(rename_command="UNLINK nobody-knows")
    fill(old, 2000)
    assert change(old.target, tmp_path / "j", b"lyrics:*").changed == 2000


@pytest.mark.slow
def test_a_replica_is_not_written(own_cache: Callable[..., Cache], tmp_path: Path):
    master = own_cache(repl_diskless_sync_delay="0")
    replica = own_cache(replicaof=f"127.0.0.1 {master.tcp_port}", repl_diskless_sync_delay="0")
    master.call("SET", "k", 1)
    assert poll(lambda: replica.call("DBSIZE") == 1, 10.0)
    with pytest.raises(QueryFailed, match="is a read-only replica"):
        change(replica.target, tmp_path / "j", b"*")


def test_a_user_who_may_not_delete(cache: Cache, tmp_path: Path):
    fill(cache, 100)
    cache.call("ACL", "SETUSER", "guest", "reset", "on", ">pw", "~*", "+@read", "+info")
    try:
        with pytest.raises(AccessDenied, match="guest may not run UNLINK"):
            change(cache.target.replace(username="guest", password=Secret("pw")), tmp_path / "j", b"*")
    finally:
        cache.call("ACL", "DELUSER", "guest")
    assert cache.call("DBSIZE") == 200
