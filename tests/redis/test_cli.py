"""The installed command as a process: what it prints where, which code it exits with, and that no secret gets out."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import servers
from backups import items_in
from boombap.local.process import poll
from boombap.redis.keyspace.checkpoint import Checkpoint, ScanPosition
from boombap.redis.keyspace.stats import Aggregator
from caches import CacheCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from caches import Cache

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]

SECRET = "Tr0mpete-im-Keller"


def fill(cache: Cache | CacheCluster) -> None:
    commands = [
        *(("SET", f"artist:{number}", json.dumps({"n": number}), "EX", 3000) for number in range(200)),
        *(("SET", f"lyrics:{number}", "x") for number in range(300)),
        ("SET", b"evil\x1b[31m\n\xff", "v" * 500),
    ]
    if isinstance(cache, CacheCluster):
        with cache.opened() as cluster:
            cluster.pipeline(commands)
        return
    with cache.connection() as connection:
        connection.pipeline(commands)


def ask(run: Run, cache: Cache, *words: str, code: int = 0) -> Any:
    done = run("redis", *words, "--format", "json", REDIS_URL=cache.url)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def one_line(done: subprocess.CompletedProcess[str], *, code: int) -> str:
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("boombap redis: ")
    assert SECRET not in done.stderr
    return done.stderr


def test_info_gives_verdicts(boombap: Run, each_cache: Cache):
    fill(each_cache)
    done = boombap("redis", "info", REDIS_URL=each_cache.url)
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("501 keys", "maxmemory_unset", "fix:", "default_user_open", "answered in"):
        assert text in done.stdout
    assert boombap("redis", "--fail-on", "warning", REDIS_URL=each_cache.url).returncode == 1
    found = ask(boombap, each_cache, "info")
    assert (found["schema"], found["nodes"][0]["keys"]) == ("boombap.redis.info/1", 501)
    assert {"severity", "remedy", "evidence"} <= found["health"]["findings"][0].keys()


def test_keys_shows_what_fills_the_cache(boombap: Run, cache: Cache):
    fill(cache)
    done = boombap("redis", "keys", REDIS_URL=cache.url)
    assert done.returncode == 0
    for text in ("501 keys", "artist:", "lyrics:", "keys_without_ttl", "no TTL", "evil\\x1b[31m\\n\\xff"):
        assert text in done.stdout
    assert "\x1b" not in done.stdout
    found = ask(boombap, cache, "keys", "--match", "lyrics:*")
    assert (found["keys"], found["branches"][0]["prefix"]) == (300, "lyrics:")
    cache.call("SET", "p", pickle.dumps({"a": 1}))
    assert boombap("redis", "keys", REDIS_URL=cache.url).returncode == 1


def test_keys_of_a_cluster(boombap: Run, cache_cluster: CacheCluster):
    fill(cache_cluster)
    node = cache_cluster.nodes[4]
    assert ask(boombap, node, "keys")["keys"] == 501
    assert len(ask(boombap, node, "info")["nodes"]) == 3
    assert ask(boombap, node, "get", "artist:7")["shown"] == {"n": 7}
    assert ask(boombap, node, "purge", "--match", "lyrics:*", "--yes")["done"]["changed"] == 300
    assert ask(boombap, node, "stats")["prefixes"][0]["keys"] == 200


def test_get_decodes(boombap: Run, cache: Cache):
    fill(cache)
    done = boombap("redis", "get", "artist:7", REDIS_URL=cache.url)
    assert (done.returncode, '"n": 7' in done.stdout, "json" in done.stdout) == (0, True, True)
    assert "no such key" in one_line(boombap("redis", "get", "none", REDIS_URL=cache.url), code=3)


def test_purge_shows_its_plan_and_waits_for_yes(boombap: Run, cache: Cache):
    fill(cache)
    done = boombap("redis", "purge", "--match", "lyrics:*", REDIS_URL=cache.url)
    assert done.returncode == 0
    assert "delete 300 keys" in done.stdout
    assert done.stdout.count("  lyrics:") == 10
    assert "nothing was changed; add --yes to do it" in done.stderr
    assert cache.call("DBSIZE") == 501
    done = boombap("redis", "purge", "--match", "lyrics:*", "--backup", "l.jsonl", "--yes", REDIS_URL=cache.url)
    assert (done.returncode, "300 deleted" in done.stdout) == (0, True)
    assert cache.call("DBSIZE") == 201
    assert "300 restored" in boombap("redis", "restore", "l.jsonl", REDIS_URL=cache.url).stdout
    assert cache.call("DBSIZE") == 501


def test_expire_as_a_newcomer_types_it(boombap: Run, cache: Cache):
    fill(cache)
    found = ask(boombap, cache, "expire", "--match", "lyrics:*", "--ttl", "1d", "--yes")
    assert (found["plan"]["ttl_ms"], found["done"]["changed"]) == (86_400_000, 300)
    assert cache.call("TTL", "lyrics:1") in (86_399, 86_400)


def test_copy_backup_and_restore(boombap: Run, cache: Cache, own_cache: Callable[..., Cache]):
    fill(cache)
    other = own_cache()
    assert ask(boombap, cache, "copy", "--match", "artist:*", "--to", other.url)["done"]["changed"] == 200
    assert ask(boombap, cache, "backup", "all.jsonl")["done"]["changed"] == 501
    assert ask(boombap, other, "restore", "all.jsonl")["done"]["changed"] == 301
    error = one_line(boombap("redis", "restore", "all.jsonl", "--replace", REDIS_URL=other.url), code=2)
    assert "add --yes" in error
    assert ask(boombap, other, "restore", "all.jsonl", "--replace", "--yes")["done"]["changed"] == 501


def test_acl_and_stats(boombap: Run, cache: Cache):
    fill(cache)
    assert ask(boombap, cache, "acl")["users"][f"127.0.0.1:{cache.tcp_port}"][0]["name"] == "default"
    assert "default_user_open" in boombap("redis", "acl", REDIS_URL=cache.url).stdout
    assert [one["prefix"] for one in ask(boombap, cache, "stats")["prefixes"]] == ["artist:", "lyrics:"]
    assert ask(boombap, cache, "stats", "--fast")["prefixes"] is None
    assert "our caches" in boombap("redis", "stats", REDIS_URL=cache.url).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["purge"], "missing argument: --match"), (["expire", "--match", "a"], "missing argument: --ttl"),
        (["copy"], "missing argument: --to"), (["get"], "missing argument: KEY"),
        (["info", "x"], "unexpected argument: 'x'"), (["purgee"], "did you mean `boombap redis purge`"),
        (["info", "--match", "x"], "info has no option --match; it is an option of keys, purge"),
        (["keys", "--formt", "json"], "did you mean --format"), (["info", "--url", " "], "--url is empty"),
        (["info", "--url", f"redis://:{SECRET}@host:port"], "is malformed"),
    ],
)  # fmt: skip
def test_words_that_do_not_go_together(boombap: Run, words: list[str], message: str):
    assert message in one_line(boombap("redis", *words), code=2)


def test_no_server(boombap: Run):
    assert "no Redis is configured" in one_line(boombap("redis"), code=2)
    url = f"redis://:{SECRET}@127.0.0.1:{servers.free_port()}"
    assert "refused the connection" in one_line(boombap("redis", REDIS_URL=url), code=3)


def test_a_wrong_password(boombap: Run, own_cache: Callable[..., Cache]):
    guarded = own_cache(requirepass="right")
    url = f"redis://:{SECRET}@127.0.0.1:{guarded.tcp_port}"
    assert "refused the password" in one_line(boombap("redis", REDIS_URL=url), code=3)


def test_ctrl_c_keeps_what_was_done(start_boombap: Start, boombap: Run, cache: Cache, tmp_path: Path):
    with cache.connection() as connection:
        connection.pipeline([("SET", f"lyrics:{number}", "x") for number in range(100_000)])
        child = start_boombap("redis", "purge", "--match", "lyrics:*", "--yes", REDIS_URL=cache.url)
        assert poll(lambda: connection.call("DBSIZE") < 100_000, 20.0)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=10)
        left = connection.call("DBSIZE")
        if child.returncode == 130:
            assert left > 0
            assert "resumed an" in boombap("redis", "purge", "--match", "lyrics:*", "--yes", REDIS_URL=cache.url).stdout
        assert connection.call("DBSIZE") == 0


def test_a_killed_purge_is_gone_on_with(start_boombap: Start, boombap: Run, cache: Cache):
    with cache.connection() as connection:
        connection.pipeline([("SET", f"lyrics:{number}", "x") for number in range(100_000)])
        connection.call("SET", "artist:1", "x")
        child = start_boombap("redis", "purge", "--match", "lyrics:*", "--yes", REDIS_URL=cache.url)
        assert poll(lambda: connection.call("DBSIZE") < 100_000, 20.0)
        child.kill()
        child.communicate()
        done = boombap("redis", "purge", "--match", "lyrics:*", "--yes", REDIS_URL=cache.url)
        assert done.returncode == 0
        assert connection.call("KEYS", "*") == [b"artist:1"]


def test_waivers_apply(boombap: Run, cache: Cache, isolated: Path):
    (isolated / "w.toml").write_text(
        '[[waiver]]\nid = "maxmemory_unset"\nsubject = "*"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n'
    )
    done = boombap("redis", REDIS_URL=cache.url, BOOMBAP_CACHE_WAIVERS="w.toml")
    assert ("1 waived" in done.stdout, "maxmemory_unset" in done.stdout) == (True, False)


def in_each(cache: Cache, *words: object) -> list[object]:
    """Run one command in databases 0, 3 and 7."""
    answers = []
    for db in (0, 3, 7):
        with cache.connection(cache.target.on(db)) as connection:
            answers.append(connection.call(*words))
    return answers


def spread(cache: Cache, count: int = 100) -> str:
    """Fill databases 0, 3 and 7, and return the address of 3."""
    for number in range(count):
        in_each(cache, "SET", f"session:{number}", "x")
    return f"redis://127.0.0.1:{cache.tcp_port}/3"


def test_a_change_stays_in_the_database_of_the_address(boombap: Run, each_cache: Cache):
    url = spread(each_cache)
    done = boombap("redis", "purge", "--match", "session:*", REDIS_URL=url)
    assert "delete 100 keys" in done.stdout
    assert "database 3" in done.stdout
    assert (
        boombap("redis", "expire", "--match", "*", "--ttl", "1h", "--yes", "--everything", REDIS_URL=url).returncode
        == 0
    )
    assert [ttl == -1 for ttl in in_each(each_cache, "TTL", "session:1")] == [True, False, True]
    assert "100 deleted" in boombap("redis", "purge", "--match", "session:*", "--yes", REDIS_URL=url).stdout
    assert in_each(each_cache, "DBSIZE") == [100, 0, 100]


def test_another_database_or_all_of_them_when_asked(boombap: Run, cache: Cache):
    url = spread(cache)
    words = ("redis", "purge", "--match", "session:*", "--yes")
    assert "database 7" in boombap(*words, "--db", "7", REDIS_URL=url).stdout
    assert in_each(cache, "DBSIZE") == [100, 100, 0]
    done = boombap(*words, "--db", "all", REDIS_URL=url)
    assert "all databases" in done.stdout
    assert "database 0: 100 · database 3: 100" in done.stdout
    assert in_each(cache, "DBSIZE") == [0, 0, 0]
    assert "not a whole number" in one_line(boombap("redis", "get", "k", "--db", "all", REDIS_URL=url), code=2)
    assert boombap("redis", "keys", "--db", "most", REDIS_URL=url).returncode == 2


def test_backup_restore_and_copy_stay_in_their_databases(boombap: Run, cache: Cache, own_cache: Callable[..., Cache]):
    url, other = spread(cache), own_cache()
    done = boombap("redis", "backup", "three.jsonl", REDIS_URL=url)
    assert "100 saved from" in done.stdout
    assert "database 3" in done.stdout
    assert (
        "100 copied" in boombap("redis", "copy", "--to", f"redis://127.0.0.1:{other.tcp_port}/7", REDIS_URL=url).stdout
    )
    assert in_each(other, "DBSIZE") == [0, 0, 100]
    assert "keys of database 3" in one_line(boombap("redis", "restore", "three.jsonl", REDIS_URL=other.url), code=2)
    done = boombap("redis", "restore", "three.jsonl", "--db", "0", REDIS_URL=other.url)
    assert "100 restored into" in done.stdout
    assert in_each(other, "DBSIZE") == [100, 0, 100]
    assert "300 saved" in boombap("redis", "backup", "all.jsonl", "--db", "all", REDIS_URL=url).stdout
    assert "--db all" in one_line(boombap("redis", "restore", "all.jsonl", REDIS_URL=other.url), code=2)
    assert "100 restored" in boombap("redis", "restore", "all.jsonl", "--db", "all", REDIS_URL=other.url).stdout
    assert in_each(other, "DBSIZE") == [100, 100, 100]


def test_a_killed_purge_loses_no_value(start_boombap: Start, boombap: Run, cache: Cache, isolated: Path):
    words = ("redis", "purge", "--match", "y:*", "--backup", "y.jsonl", "--yes")
    total = 30_000
    with cache.connection() as connection:
        connection.pipeline([("SET", f"y:{number}", f"value {number}") for number in range(total)])
        for left in (27_000, 20_000, 11_000):
            child = start_boombap(*words, REDIS_URL=cache.url)
            assert poll(lambda left=left: connection.call("DBSIZE") < left, 20.0)
            child.kill()
            child.communicate(timeout=10)
    done = boombap(*words, REDIS_URL=cache.url)
    assert done.returncode == 0, done.stderr
    assert "is continued" in done.stderr
    assert cache.call("DBSIZE") == 0
    saved = {item.key: item.value for item in items_in(isolated / "y.jsonl")}
    assert saved == {b"y:%d" % number: b"value %d" % number for number in range(total)}


def test_what_is_written_while_a_purge_runs_is_not_lost(start_boombap: Start, cache: Cache, isolated: Path):
    """A client writes each key once more: its value is on the server, or the last one in the backup."""
    keys = [b"job:%d" % number for number in range(8_000)]
    with cache.connection() as connection:
        connection.pipeline([("SET", key, "old") for key in keys])
        child = start_boombap("redis", "purge", "--match", "job:*", "--backup", "j.jsonl", "--yes", REDIS_URL=cache.url)
        written = {}
        for key in random.Random(3).sample(keys, len(keys)):
            written[key] = b"new of %b" % key
            connection.call("SET", key, written[key])
            if child.poll() is not None:
                break
        _, errors = child.communicate(timeout=30)
        assert child.returncode in (0, 1, 3), errors
        there = dict(zip(written, connection.pipeline([("GET", key) for key in written]), strict=True))
    file = isolated / "j.jsonl"
    saved = {item.key: item.value for item in items_in(file if file.exists() else isolated / "j.jsonl.part")}
    assert [key for key, value in written.items() if value not in (there[key], saved.get(key))] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_twenty_kills_lose_no_value(start_boombap: Start, boombap: Run, cache: Cache, isolated: Path):
    """What is left and what the backup holds is everything, after each kill and in the end."""
    words = ("redis", "purge", "--match", "y:*", "--backup", "y.jsonl", "--yes")
    chance = random.Random(20)
    total = 60_000
    expected = {b"y:%d" % number: b"value %d" % number for number in range(total)}
    expected |= {b"y:large:%d" % number: b"%d" % number * 100_000 for number in range(10)}
    with cache.connection() as connection:
        keys = list(expected)
        for first in range(0, len(keys), 5000):
            connection.pipeline([("SET", key, expected[key]) for key in keys[first : first + 5000]])
        kills = 0
        while kills < 20 and (left := connection.call("DBSIZE")):
            child = start_boombap(*words, REDIS_URL=cache.url)
            limit = max(0, left - chance.randrange(1, 2 * total // 20))
            poll(lambda limit=limit, child=child: connection.call("DBSIZE") <= limit or child.poll() is not None, 20.0)
            child.kill()
            child.communicate(timeout=10)
            kills += 1
            assert known(connection, isolated) == expected.keys()
    assert kills >= 15, "the keys went too fast to be interrupted"
    done = boombap(*words, REDIS_URL=cache.url)
    assert done.returncode in (0, 2), done.stderr  # 2: the last kill came after the end
    assert cache.call("DBSIZE") == 0
    other = boombap("redis", "restore", "y.jsonl", REDIS_URL=cache.url)
    assert other.returncode == 0, other.stderr
    with cache.connection() as connection:
        assert connection.call("DBSIZE") == len(expected)
        for first in range(0, len(keys), 5000):
            part = keys[first : first + 5000]
            assert connection.pipeline([("GET", key) for key in part]) == [expected[key] for key in part]


def known(connection: Any, folder: Path) -> set[bytes]:
    """Give the keys that are on the server or whole in the backup."""
    there = {key for keys in scanned(connection) for key in keys}
    for name in ("y.jsonl", "y.jsonl.part"):
        if (folder / name).exists():
            there |= saved_keys(folder / name)
    return there


def scanned(connection: Any) -> Iterator[list[bytes]]:
    cursor = b"0"
    while True:
        cursor, keys = connection.call("SCAN", cursor, "COUNT", 1000)
        yield keys
        if cursor == b"0":
            return


def saved_keys(file: Path) -> set[bytes]:
    keys = set()
    for line in file.read_bytes().split(b"\n")[:-1]:
        entry = json.loads(line)
        if "key" in entry and entry.get("last", True):
            keys.add(entry["key"].encode())
    return keys


def test_a_purge_that_was_killed_at_its_end_finishes_its_backup(boombap: Run, cache: Cache, isolated: Path):
    words = ("redis", "purge", "--match", "y:*", "--backup", "y.jsonl", "--yes")
    cache.call("SET", "y:1", "v")
    assert boombap(*words, REDIS_URL=cache.url).returncode == 0
    (isolated / "y.jsonl").rename(isolated / "y.jsonl.part")
    assert boombap(*words, REDIS_URL=cache.url).returncode == 0
    assert [item.key for item in items_in(isolated / "y.jsonl")] == [b"y:1"]
    cache.call("SET", "y:2", "v")
    assert "exists already" in one_line(boombap(*words, "--format", "json", REDIS_URL=cache.url), code=2)
    assert cache.call("DBSIZE") == 1


def test_a_database_that_the_server_does_not_have_is_an_error(boombap: Run, cache: Cache):
    cache.call("SET", "k", "v")
    for words in (["purge", "--match", "*"], ["keys"], ["backup", "none.jsonl"], ["get", "k"]):
        assert "99" in one_line(boombap("redis", *words, "--db", "99", REDIS_URL=cache.url), code=3)


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_a_backup_needs_the_name_of_a_file(boombap: Run, cache: Cache, name: str):
    words = ("redis", "purge", "--match", "*", "--backup", name, "--yes")
    assert "is not the name of a file" in one_line(boombap(*words, REDIS_URL=cache.url), code=2)


def test_an_old_checkpoint_is_no_part_of_a_new_answer(boombap: Run, cache: Cache, isolated: Path):
    """300,000 keys were half counted, then the server was emptied: the answer is one key."""
    fill(cache)
    with cache.connection() as connection:
        for first in range(0, 30_000, 5000):
            connection.pipeline([("SET", f"x:{number}", "v") for number in range(first, first + 5000)])
    run_id = next(
        line.partition(b":")[2] for line in cache.call("INFO", "server").splitlines() if line.startswith(b"run_id:")
    )
    target = cache.target
    folder = Path(os.environ["XDG_STATE_HOME"]) / "boombap" / "redis"
    checkpoint = Checkpoint(folder, target.label, None, "keys", b"*", 1.0)
    aggregator = Aggregator()
    aggregator.scanned = aggregator.measured = 20_000
    checkpoint.layout = ""
    checkpoint.put(f"{target.address}/0", ScanPosition(run_id.decode(), 5, aggregator.to_plain(), 30_501))
    checkpoint.write()
    resumed = boombap("redis", "keys", REDIS_URL=cache.url)
    assert "by a run that was interrupted" in resumed.stdout
    checkpoint.write()
    cache.call("FLUSHALL")
    cache.call("SET", "only", 1)
    answer = ask(boombap, cache, "keys")
    assert (answer["keys"], answer["began_s"]) == (1, None)


def changes(state: Path) -> list[dict[str, Any]]:
    file = state / "boombap/redis/changes.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_every_change_is_logged_when_it_begins_and_when_it_ends(boombap: Run, cache: Cache):
    fill(cache)
    state = Path(os.environ["XDG_STATE_HOME"])
    boombap("redis", "purge", "--match", "lyrics:*", REDIS_URL=cache.url)
    assert not (state / "boombap/redis/changes.jsonl").exists()
    boombap("redis", "purge", "--match", "lyrics:*", "--backup", "l.jsonl", "--yes", REDIS_URL=cache.url)
    begin, end = changes(state)
    assert (begin["event"], begin["action"], begin["match"], begin["keys"]) == ("begin", "purge", "lyrics:*", 300)
    assert (begin["db"], begin["backup"], begin["server"]) == (0, "l.jsonl", f"127.0.0.1:{cache.tcp_port}")
    assert begin["user"]
    assert (end["event"], end["outcome"], end["changed"], end["left"]) == ("end", "done", 300, 0)
    assert begin["change"] == end["change"]


def test_a_change_whose_log_cannot_be_written_does_not_begin(boombap: Run, cache: Cache):
    fill(cache)
    folder = Path(os.environ["XDG_STATE_HOME"]) / "boombap/redis"
    (folder / "changes.jsonl").mkdir(parents=True)
    done = boombap("redis", "purge", "--match", "lyrics:*", "--yes", REDIS_URL=cache.url)
    assert done.returncode == 3
    assert "cannot write the log of changes" in done.stderr
    assert cache.call("DBSIZE") == 501


@pytest.mark.parametrize("pattern", ["*", "**", "?*", "*?"])
@pytest.mark.parametrize("words", [("purge",), ("expire", "--ttl", "1h")])
def test_every_key_needs_one_word_more(boombap: Run, cache: Cache, pattern: str, words: tuple[str, ...]):
    fill(cache)
    done = boombap("redis", *words, "--match", pattern, "--yes", REDIS_URL=cache.url)
    assert done.returncode == 2
    assert "matches every key; add --everything" in done.stderr
    assert cache.call("DBSIZE") == 501
    plan = boombap("redis", *words, "--match", pattern, "--dry-run", REDIS_URL=cache.url)
    assert (plan.returncode, "add --yes --everything" in plan.stderr) == (0, True)
    done = boombap("redis", *words, "--match", pattern, "--yes", "--everything", REDIS_URL=cache.url)
    assert done.returncode == 0


def test_dry_run_contradicts_yes(boombap: Run, cache: Cache):
    done = boombap("redis", "purge", "--match", "x", "--yes", "--dry-run", REDIS_URL=cache.url)
    assert (done.returncode, "--dry-run does not go with --yes" in done.stderr) == (2, True)


def test_copy_refuses_the_database_that_keys_come_from(boombap: Run, cache: Cache, own_cache: Callable[..., Cache]):
    """Whatever the addresses look like: a socket and a port may lead to one server."""
    fill(cache)
    names = (cache.url, cache.running.url, f"redis://localhost:{cache.tcp_port}")
    for source in names:
        for words in ((), ("--db", "all"), ("--replace", "--yes")):
            for to in names:
                done = boombap("redis", "copy", "--to", to, *words, REDIS_URL=source)
                assert "is the server and the database" in one_line(done, code=2)
    other = f"redis://127.0.0.1:{cache.tcp_port}/3"
    assert "501 copied" in boombap("redis", "copy", "--to", other, REDIS_URL=cache.url).stdout
    assert "501 copied" in boombap("redis", "copy", "--to", own_cache().url, REDIS_URL=cache.url).stdout


def test_a_cut_backup_is_refused_or_restored_as_far_as_it_is_whole(boombap: Run, cache: Cache, isolated: Path):
    fill(cache)
    ask(boombap, cache, "backup", "all.jsonl")
    text = (isolated / "all.jsonl").read_bytes()
    (isolated / "cut.jsonl").write_bytes(text[: len(text) // 2])
    cache.call("FLUSHALL")
    assert "--skip-damaged" in one_line(boombap("redis", "restore", "cut.jsonl", REDIS_URL=cache.url), code=2)
    assert cache.call("DBSIZE") == 0
    done = ask(boombap, cache, "restore", "cut.jsonl", "--skip-damaged", code=3)["done"]
    assert 200 < done["changed"] == cache.call("DBSIZE") < 300
    assert done["damage_count"] == len(done["damages"]) == 2
    shown = boombap("redis", "restore", "cut.jsonl", "--skip-damaged", REDIS_URL=cache.url)
    assert "it ends after" in shown.stdout
    assert "cannot be read" in shown.stdout


def test_keys_that_failed_are_counted_beyond_those_that_are_named(boombap: Run, cache: Cache, isolated: Path):
    lines = ['{"schema": "boombap.redis.backup/1"}']
    lines += [
        json.dumps({"key": f"k{at}", "type": "string", "ttl_ms": None, "dump": {"base64": "AAFh"}}) for at in range(30)
    ]
    (isolated / "b.jsonl").write_text("\n".join(lines))
    done = ask(boombap, cache, "restore", "b.jsonl", code=3)["done"]
    assert (len(done["failed"]), done["failed_count"]) == (20, 30)
    assert "and 10 more that failed" in boombap("redis", "restore", "b.jsonl", REDIS_URL=cache.url).stdout


def test_answers_about_nodes_do_without_the_format_of_backups():
    words = "import sys, boombap.redis.encode, boombap.redis.report; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert "boombap.redis.encode" in done.stdout.split()
    assert "boombap.redis.transfer.export_format" not in done.stdout.split()
