"""Each read action by a user who lacks one of the commands that it sends: the answer is whole, or names the command."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import exit_codes
from boombap.cli import run as harness
from boombap.errors import EXIT_EXTERNAL
from boombap.interrupt import Interrupt
from boombap.redis import cli
from redis_actions import PASSWORD, limited_user
from schemas.validation import validated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from caches import Cache, CacheCluster, Caches

    Run = Callable[..., subprocess.CompletedProcess[str]]

KEYS = ("json", "list", "set", "hash", "zset", "stream")
ACTIONS = ("info", "keys", "stats", "acl", "slow", "clients", "streams", "latency", "hot", "diff")
# Sent by every connection, or so that an answer comes faster; nothing of an answer hangs on them.
UNSEEN = {"hello", "auth", "select", "client|setinfo", "client|setname", "config|resetstat", "acl|deluser"}
# Measured anew by each run, or moved by the run itself.
MOVING = re.compile(
    r"elapsed|_us$|_ms$|_s$|ops_per_s|used_bytes|hits|misses|hit_pct|calls|output_bytes|oldest|entries|size_bytes|"
    r"expired|frequency|evidence|summary|clients|findings|connected|groups|commands|pct|count|idle"
)
# Zero is as good as any other number.
FROM_ZERO = re.compile(r"_us$|_s$|idle")
# What was found, where not everything could be looked at; never zero then.
LEAST = {"pickles"}
# These say that something is not known, and what.
REASONS = {"denied", "skipped", "failed", "failed_count", "note", "is_listed", "has_histogram"}


@pytest.fixture
def filled(cache: Cache) -> Cache:
    cache.call("SET", "json", '{"n": 1}', "PX", 10**9)
    cache.call("SET", "lasting", pickle.dumps({"n": 1}))
    cache.call("RPUSH", "list", "a", pickle.dumps({"n": 1}))
    cache.call("SADD", "set", "a", "b")
    cache.call("HSET", "hash", "a", "b")
    cache.call("ZADD", "zset", 1, "a")
    cache.call("XADD", "stream", "1-1", "a", "b")
    cache.call("XGROUP", "CREATE", "stream", "group", "0")
    cache.call("XREADGROUP", "GROUP", "group", "me", "STREAMS", "stream", ">")
    return cache


@pytest.fixture
def answered(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run an action in this process: two hundred starts of a process would take longer than all that is asked."""

    def run(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        prog = f"boombap {argv[0]}"
        call = partial(harness._call, lambda: cli, argv[1:], prog, Interrupt(), lambda _: None)
        code = harness._answer(call, prog, "")
        exit_codes.check(argv, code)
        return subprocess.CompletedProcess(argv, code, *capsys.readouterr())

    return run


def asked(cache: Cache) -> dict[str, tuple[int, int]]:
    """Return by command, as an ACL names it, how often it was run and how often it was refused."""
    lines = cache.call("INFO", "commandstats").decode().splitlines()
    found = {}
    for name, rest in (line.removeprefix("cmdstat_").split(":", 1) for line in lines if line.startswith("cmdstat_")):
        fields = dict(field.split("=") for field in rest.split(","))
        found[name] = int(fields["calls"]), int(fields["rejected_calls"])
    return found


class Bench:
    """Runs one action on a server, by users with other rights."""

    def __init__(self, run: Run, cache: Cache, other: Cache, words: tuple[str, ...]) -> None:
        self.run, self.cache = run, cache
        self.words = (*words, "--to", other.url) if words[0] == "diff" else words

    def answer(self, *rights: str, text: bool = False) -> subprocess.CompletedProcess[str]:
        with limited_user(self.cache, "+@all", *rights) as url:
            self.cache.call("CONFIG", "RESETSTAT")
            form = ("--format", "text" if text else "json")
            return self.run("redis", *self.words, *form, REDIS_URL=url)

    def faults(self, command: str, whole: Any) -> Iterator[str]:
        """Yield what is wrong with the answers to a user who may not run a command."""
        rights = (f"-{command}", *(() if command == "eval_ro" else ("-eval_ro",)))
        done = self.answer(*rights)
        if not asked(self.cache).get(command, (0, 0))[1]:
            return
        if not done.stdout:
            if done.returncode != EXIT_EXTERNAL or not is_named(command, done.stderr):
                yield f"{command}: exit {done.returncode}, {done.stderr}"
            return
        answer = validated(f"redis-{self.words[0]}", done.stdout)
        yield from (f"{command}: {fault}" for fault in false_leaves(whole, answer))
        if dict(leaves(whole)) != dict(leaves(answer)):
            for text in (done.stdout, self.answer(*rights, text=True).stdout):
                if not is_named(command, text):
                    yield f"{command} is not named in {text}"

    def commands(self) -> set[str]:
        """Return what the action sends, with the script of `keys` and without it."""
        sent = set()
        for rights in ((), ("-eval_ro",)):
            self.answer(*rights)
            sent |= {name for name, (calls, _) in asked(self.cache).items() if calls > 0}
        return sent - UNSEEN


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every number and text of an answer that a second run must give again; None is one of them."""
    name = path.rpartition("/")[2]
    if name in REASONS:
        return
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{path}/{key}")
    elif isinstance(value, list):
        if not MOVING.search(name):
            for below in value:
                # The user itself, whose rights are others each time.
                if identity(below) == '["dj"]':
                    continue
                yield from leaves(below, f"{path}/{identity(below)}")
    elif value is None or not MOVING.search(path):
        yield path, value
    else:
        yield path, "moving" if value or FROM_ZERO.search(name) else value


def identity(value: Any) -> str:
    if not isinstance(value, dict):
        return json.dumps(value)
    return json.dumps([value.get(name) for name in ("key", "prefix", "id", "name", "address", "kind") if name in value])


def false_leaves(whole: Any, answer: Any) -> list[str]:
    """Return what an answer says otherwise than the whole one, where it does not say that it is unknown."""
    right = dict(leaves(whole))
    return [
        f"{path} is {value!r}, and in truth {right.get(path)!r}"
        for path, value in leaves(answer)
        if value is not None and not is_true(path, value, right)
    ]


def is_true(path: str, value: Any, right: dict[str, Any]) -> bool:
    name = path.rpartition("/")[2]
    if value == "unknown" or "/types/unknown/" in path:
        return True
    if name in LEAST and value:
        return bool(value <= right[path])
    if name == "only_here":
        return bool(value <= right[path])  # of the keys that could be compared; the others are counted as failed
    return bool(value == right.get(path, None if value else value))


def is_named(command: str, text: str) -> bool:
    words = command.upper().replace("|", " ")
    return words in text.upper() or words.partition(" ")[0] in text.upper().split()


@pytest.mark.parametrize("words", [*((name,) for name in ACTIONS), *(("get", key) for key in KEYS)], ids="-".join)
def test_nothing_is_silent_without_one_command(answered: Run, filled: Cache, caches: Caches, words: tuple[str, ...]):
    bench = Bench(answered, filled, caches.redis(), words)
    whole = json.loads(bench.answer().stdout)
    commands = sorted(bench.commands())
    assert len(commands) > 1
    faults = [fault for command in commands for fault in bench.faults(command, whole)]
    assert not faults, "\n".join(faults)


def read_by(run: Run, cache: Cache, action: str, *rights: str, keys: str = "~*") -> tuple[Any, str]:
    """Return both forms of an answer to a user."""
    with limited_user(cache, "+@all", *rights, keys=keys) as url:
        answer = json.loads(run("redis", action, "--format", "json", REDIS_URL=url).stdout)
        return answer, run("redis", action, "--quiet", REDIS_URL=url).stdout


def test_an_audit_without_the_list_of_users_has_no_verdict(boombap: Run, filled: Cache):
    with limited_user(filled, "+@all", "-acl|list") as url:
        done = boombap("redis", "acl", REDIS_URL=url)
        found = json.loads(boombap("redis", "acl", "--fail-on", "never", "--format", "json", REDIS_URL=url).stdout)
    assert done.returncode == EXIT_EXTERNAL
    assert "users unknown: allow +acl|list" in done.stdout
    assert "skipped: default_user_open, users (ACL LIST is renamed or not allowed to this user)" in done.stdout
    assert set(found["users"].values()) == {None}


def test_unknown_times_to_live_are_not_called_none(boombap: Run, filled: Cache):
    found, text = read_by(boombap, filled, "keys", "-pttl")
    assert {entry["has_ttl"] for entry in found["biggest"]} == {None}
    assert set(found["ttls"].values()) == {None}
    assert {branch["without_ttl"] for branch in found["branches"]} == {None}
    assert "none" not in text
    whole, _ = read_by(boombap, filled, "keys")
    assert {entry["key"]: entry["has_ttl"] for entry in whole["biggest"]}.items() >= {("json", True), ("list", False)}


def test_unknown_sizes_are_not_called_zero(boombap: Run, filled: Cache):
    found, text = read_by(boombap, filled, "keys", "-memory")
    assert (found["size_bytes"], found["biggest"]) == (None, [])
    assert " 0 B" not in text
    assert "skipped: big_key, pickle_values (MEMORY USAGE is not allowed to this user)" in text
    filled.call("SET", "artist:1", "x")
    found, text = read_by(boombap, filled, "stats", "-memory", "-pttl")
    assert [(branch["size_bytes"], branch["without_ttl"]) for branch in found["prefixes"]] == [(None, None)]
    assert "MEMORY USAGE" in found["denied"]
    assert " 0 B" not in text.partition("our caches")[2]
    assert "skipped: keys_without_ttl (PTTL is not allowed to this user)" in text


@pytest.mark.parametrize("pattern", ["~json", "~nothing"])
def test_keys_outside_of_the_patterns_of_a_user_are_named(boombap: Run, filled: Cache, pattern: str):
    readable = 1 if pattern == "~json" else 0
    found, text = read_by(boombap, filled, "keys", keys=pattern)
    assert (found["keys"], found["unreadable"], found["size_bytes"] is None) == (7, 7 - readable, not readable)
    assert found["pickles"] is None
    assert f"{7 - readable} keys may not be read by this user" in text
    assert (f"without the {7 - readable} that this user may not read" in text) == bool(readable)
    assert ("sizes unknown" in text) != bool(readable)
    found, text = read_by(boombap, filled, "stats", keys=pattern)
    assert found["unreadable"] == 7 - readable
    assert f"{7 - readable} keys may not be read by this user" in text


def test_get_tells_what_it_may_not_ask(boombap: Run, filled: Cache):
    with limited_user(filled, "+@all", "-pttl", "-memory", "-strlen", "-object") as url:
        found = json.loads(boombap("redis", "get", "json", "--format", "json", REDIS_URL=url).stdout)
        text = boombap("redis", "get", "json", REDIS_URL=url).stdout
    unknown = ("length", "size_bytes", "ttl_ms", "has_ttl", "encoding")
    assert [found[name] for name in unknown] == [None] * len(unknown)
    assert set(found["denied"]) == {"PTTL", "MEMORY USAGE", "OBJECT ENCODING", "STRLEN"}
    assert "length unknown · size unknown · TTL unknown" in text
    assert "skipped: STRLEN (not allowed to this user)" in text
    assert found["shown"] == {"n": 1}


def test_the_state_of_a_cluster_that_may_not_be_asked_is_skipped(boombap: Run, cache_cluster: CacheCluster):
    for node in cache_cluster.nodes:
        node.call("ACL", "SETUSER", "dj", "reset", "on", f">{PASSWORD}", "~*", "+@all", "-cluster|info")
    try:
        url = f"redis://dj:{PASSWORD}@127.0.0.1:{cache_cluster.nodes[0].tcp_port}/0"
        found = json.loads(boombap("redis", "info", "--format", "json", REDIS_URL=url).stdout)
    finally:
        for node in cache_cluster.nodes:
            node.call("ACL", "DELUSER", "dj")
    assert "cluster_state" in {check["id"] for check in found["health"]["skipped"]}
