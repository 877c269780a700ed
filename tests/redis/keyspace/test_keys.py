"""The walk and its sums, on real servers: every key once, through kills, failovers and odd names."""

from __future__ import annotations

import os
import pickle
import signal
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import ExternalError, Interrupted
from boombap.interrupt import Interrupt
from boombap.redis.keyspace.checkpoint import Checkpoint
from boombap.redis.keyspace.scan import Batch
from boombap.redis.keyspace.stats import Aggregator, total
from caches import start_cluster
from keyspaces import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from caches import Cache, CacheCluster


def fill(cache: Cache, count: int = 5000) -> None:
    with cache.connection() as connection:
        connection.pipeline([("SET", f"artist:{number % 7}:{number}", "x" * 50, "EX", 3000) for number in range(count)])


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    """Where interrupted walks leave their checkpoints."""
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def test_one_walk_answers_everything(each_cache: Cache, checkpoints: Path):
    with each_cache.connection() as connection:
        connection.pipeline(
            [
                *(("SET", f"artist:{number}", "x", "EX", 100) for number in range(2000)),
                *(("SET", f"spotify:track:{number}", "y" * 100) for number in range(1000)),
                *(("HSET", f"analysis:{number}", "a", 1) for number in range(500)),
                ("RPUSH", "list", *range(100)),
                ("SET", "huge", b"x" * 2_000_000),
                *(("SET", f"old:{protocol}", pickle.dumps({"a": 1}, protocol)) for protocol in range(2, 6)),
            ]
        )
    with each_cache.connection(each_cache.target.on(2)) as connection:
        connection.call("SET", "lonely", 1, "PX", 30_000)
    stats = walk(each_cache.target, checkpoints)
    assert (stats.keys, stats.measured, stats.is_estimate) == (3507, 3507, False)
    assert stats.databases == {0: 3506, 2: 1}
    assert {kind: keys for kind, (keys, _) in stats.types.items()} == {"string": 3006, "hash": 500, "list": 1}
    branches = {one.prefix: one for one in stats.branches}
    assert (branches[b"artist:"].keys, branches[b"artist:"].without_ttl) == (2000, 0)
    assert (branches[b"spotify:"].keys, branches[b"spotify:"].without_ttl) == (1000, 1000)
    assert branches[b"old:"].pickles == stats.pickles == 4
    assert set(stats.pickle_keys) == {b"old:%d" % protocol for protocol in range(2, 6)}
    assert (stats.biggest[0].key, stats.biggest[0].size_bytes > 2_000_000) == (b"huge", True)
    assert (stats.ttls["under 1 min"], stats.ttls["under 1 h"], stats.ttls["no TTL"]) == (1, 2000, 1506)
    assert stats.size_bytes == sum(size for _, size in stats.types.values())


def test_keys_are_any_bytes(cache: Cache, checkpoints: Path):
    keys = [b"", b"\0", b"a\nb", b"\xff\xfe", b"\x1b[31m", "ключ:1".encode(), b"x" * 5000, b"%d:%b", b"a b"]
    with cache.connection() as connection:
        connection.pipeline([("SET", key, 1) for key in keys])
    stats = walk(cache.target, checkpoints)
    assert stats.keys == len(keys)
    assert {entry.key for entry in stats.biggest} == set(keys)


def test_a_sample_is_near_the_truth(cache: Cache, checkpoints: Path):
    fill(cache, 20_000)
    whole, shard = walk(cache.target, checkpoints), walk(cache.target, checkpoints, share=0.1)
    assert shard.is_estimate
    assert shard.keys == 20_000
    assert 1500 < shard.measured < 2500
    assert shard.size_bytes == pytest.approx(whole.size_bytes, rel=0.05)


def test_only_what_matches_and_one_database(cache: Cache, checkpoints: Path):
    fill(cache, 700)
    cache.call("SET", "other", 1)
    assert walk(cache.target, checkpoints, pattern=b"artist:3:*").keys == 100
    assert walk(cache.target, checkpoints, db=5).keys == 0


def test_an_empty_server(cache: Cache, checkpoints: Path):
    stats = walk(cache.target, checkpoints)
    assert (stats.keys, stats.branches, stats.biggest) == (0, (), ())


def test_expiring_keys_are_no_error(cache: Cache, checkpoints: Path):
    with cache.connection() as connection:
        connection.pipeline([("SET", f"k{number}", 1, "PX", 1 + number % 20) for number in range(5000)])
    assert walk(cache.target, checkpoints).measured <= 5000


def test_a_cluster_is_walked_on_all_masters(cache_cluster: CacheCluster, checkpoints: Path):
    with cache_cluster.opened() as cluster:
        cluster.pipeline([("SET", f"artist:{number}", "x") for number in range(3000)])
    stats = walk(cache_cluster.target, checkpoints)
    assert (stats.keys, len(stats.branches)) == (3000, 1)


def test_an_interrupted_walk_goes_on(cache: Cache, checkpoints: Path):
    fill(cache, 20_000)
    interrupt = Interrupt()

    def stop(done: int, _: int) -> None:
        if done > 8000:
            interrupt.set(2)
            interrupt.end_waits()

    with pytest.raises(Interrupted):
        walk(cache.target, checkpoints, progress=stop, interrupt=interrupt)
    seen: list[int] = []
    stats = walk(cache.target, checkpoints, progress=lambda done, _: seen.append(done))
    assert seen[0] > 8000
    assert 20_000 <= stats.keys < 20_500  # SCAN may give a key twice
    assert list(checkpoints.iterdir()) == []


def test_a_server_that_is_killed_fails_the_walk(own_cache: Callable[..., Cache], checkpoints: Path):
    cache = own_cache()
    fill(cache, 10_000)

    def kill(done: int, _: int) -> None:
        if done > 3000:
            os.kill(cache.running.pid, signal.SIGKILL)

    with pytest.raises(ExternalError):
        walk(cache.target, checkpoints, progress=kill, patience_s=0.3)
    assert len(list(checkpoints.iterdir())) == 1


def test_a_started_anew_server_is_walked_from_the_beginning(own_cache: Callable[..., Cache], checkpoints: Path):
    cache, other = own_cache(), own_cache()
    fill(cache, 5000)
    fill(other, 5000)
    interrupt = Interrupt()

    def stop(done: int, _: int) -> None:
        interrupt.set(2)
        interrupt.end_waits()

    with pytest.raises(Interrupted):
        walk(cache.target, checkpoints, progress=stop, interrupt=interrupt)
    # Another life at the same address, to the checkpoint.
    (left,) = checkpoints.iterdir()
    run_id = cache.call("INFO", "server").decode().partition("run_id:")[2][:40]
    left.write_text(left.read_text().replace(run_id, "0" * 40))
    assert walk(cache.target, checkpoints).keys == 5000


def test_a_journal_that_is_torn_is_not_used(checkpoints: Path, cache: Cache):
    fill(cache, 100)
    for text in ("", "{", "[]", '{"a": 1}', '{"a": ["x", "y", null]}'):
        checkpoint = Checkpoint(checkpoints, cache.target.label, b"*")
        checkpoint.write()
        (file,) = checkpoints.iterdir()
        file.write_text(text)
        assert walk(cache.target, checkpoints).keys == 100


def test_the_journal_is_private(checkpoints: Path):
    checkpoint = Checkpoint(checkpoints / "new", "a")
    checkpoint.write()
    (file,) = (checkpoints / "new").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[CacheCluster]:
    with ExitStack() as stack:
        yield start_cluster(lambda: Path(mkdtemp(dir=tmp_path)), stack)


@pytest.mark.slow
def test_a_failover_during_a_walk(own_cluster: CacheCluster, checkpoints: Path):
    with own_cluster.opened() as cluster:
        cluster.pipeline([("SET", f"artist:{number}", "x") for number in range(20_000)])
        for pool in cluster.masters():
            pool.call("WAIT", 1, 2000)
    killed: list[int] = []

    def kill(done: int, _: int) -> None:
        if not killed:
            killed.append(own_cluster.nodes[0].running.pid)
            os.kill(killed[0], signal.SIGKILL)

    target = own_cluster.nodes[1].target
    stats = walk(target, checkpoints, progress=kill, patience_s=20.0)
    assert stats.keys == 20_000


_BATCHES = st.lists(
    st.lists(
        st.tuples(
            st.text("ab:", max_size=6).map(str.encode), st.integers(1, 10**6),
            st.sampled_from([b"string", b"hash"]), st.integers(-1, 10**10),
        ),
        max_size=20,
    ),
    max_size=6,
)  # fmt: skip


@given(_BATCHES)
def test_sums_agree_and_survive_the_journal(batches: list[list[tuple[bytes, int, bytes, int]]]):
    aggregator = Aggregator()
    for measured in batches:
        aggregator.add(Batch(1, len(measured), measured, [measured[0][0]] if measured else []))
        aggregator = Aggregator.from_plain(aggregator.to_plain())
    stats = total([aggregator], 1.0)
    everything = [one for measured in batches for one in measured]
    assert stats.keys == len(everything) == sum(stats.ttls.values()) == sum(one.keys for one in stats.branches)
    assert stats.size_bytes == sum(one[1] for one in everything)
    assert stats.types.keys() == {one[2].decode() for one in everything}
    assert all(sum(twig.keys for twig in one.children) in (0, one.keys) for one in stats.branches)
    if everything:
        assert stats.biggest[0].size_bytes == max(one[1] for one in everything)


def test_the_tree_is_bounded(checkpoints: Path):
    aggregator = Aggregator()
    aggregator.add(Batch(1, 10_000, [(b"%d:%d:x" % (n % 3000, n), 1, b"string", -1) for n in range(10_000)], []))
    aggregator.add(Batch(0, 500, [(b"a:%d:x" % n, 1, b"string", -1) for n in range(500)], []))
    stats = total([aggregator], 1.0)
    assert len(stats.branches) <= 2001
    assert max(len(one.children) for one in stats.branches) <= 51
    assert sum(one.keys for one in stats.branches) == 10_500
