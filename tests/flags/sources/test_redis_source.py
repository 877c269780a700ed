"""Flags in Redis: stronger than the file, asked seldom, and never in the way when it is down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

import servers
from boombap.config.secret import Secret
from boombap.errors import ExternalError
from boombap.flags.audit_log import read
from boombap.flags.change import set_percent
from boombap.flags.evaluation import Flags
from boombap.flags.settings import FlagSettings
from boombap.flags.sources.document import with_percent
from boombap.flags.sources.redis_source import KEY, RedisSource
from boombap.interrupt import Interrupt
from fakes.not_postgres import listening

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from caches import Cache, CacheCluster

DB = "db-engine"


def settings(cache: Cache | str, **more: Any) -> FlagSettings:
    return FlagSettings(redis=Secret(cache if isinstance(cache, str) else cache.url), redis_timeout=0.5, **more)


def put(cache: Cache, percent: int) -> None:
    cache.call("HSET", KEY, DB, json.dumps(with_percent({}, percent * 100)))


def down() -> str:
    return f"redis://:Geheimnis@127.0.0.1:{servers.free_port()}/0"


def answer(state: Path, found: FlagSettings, notes: list[str] | None = None) -> tuple[str, str, str]:
    note = (notes if notes is not None else []).append
    evaluation = Flags(found, state, Interrupt(), note=note).evaluate(DB, "rap")
    return evaluation.variant, evaluation.reason, evaluation.source


def test_redis_is_stronger_than_the_file(tmp_path: Path, each_cache: Cache):
    set_percent(FlagSettings(), tmp_path, Interrupt(), DB, 0)
    assert answer(tmp_path, settings(each_cache)) == ("classic", "TARGETING_MATCH", "file")
    put(each_cache, 100)
    assert answer(tmp_path, settings(each_cache)) == ("native", "TARGETING_MATCH", "redis")


def test_a_redis_without_flags_leaves_the_default(tmp_path: Path, cache: Cache):
    assert answer(tmp_path, settings(cache)) == ("native", "DEFAULT", "default")


def test_a_redis_that_is_down_leaves_the_file(tmp_path: Path):
    set_percent(FlagSettings(), tmp_path, Interrupt(), DB, 10_000)
    notes: list[str] = []
    assert answer(tmp_path, settings(down()), notes) == ("native", "TARGETING_MATCH", "file")
    assert len(notes) == 1
    assert "flags in Redis are not used" in notes[0]
    assert "Geheimnis" not in notes[0]


def test_a_redis_that_is_down_without_a_file_is_classic(tmp_path: Path):
    """What it would say is not known: native may have been switched off there."""
    assert answer(tmp_path, settings(down())) == ("classic", "ERROR", "redis")


def test_a_redis_that_never_answers_costs_the_limit_once(tmp_path: Path):
    def silent(guest: socket.socket) -> None:
        guest.recv(65_536)
        guest.recv(65_536)

    with listening(silent) as listener:
        found = FlagSettings(redis=Secret(f"redis://127.0.0.1:{listener.port}/0"), redis_timeout=0.1)
        run = Flags(found, tmp_path, Interrupt())
        started_s = time.monotonic()
        assert {run.evaluate(DB, str(key)).variant for key in range(200)} == {"classic"}
        assert time.monotonic() - started_s < 5


def test_without_the_driver_a_tool_runs_all_the_same(tmp_path: Path):
    """In a process of its own, for which hiredis is not there, as with `boombap[db]` alone."""
    program = (
        "import sys; sys.modules['hiredis'] = None\n"
        "from boombap.cli.main import main\n"
        "sys.exit(main(['flags', 'evaluate', 'db-engine', 'rap']))"
    )
    environment = os.environ | {"BOOMBAP_FLAGS_REDIS": "redis://127.0.0.1:1/0"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert ("ERROR" in done.stdout, "classic" in done.stdout) == (True, True)
    assert "hiredis is not installed; pip install 'boombap[redis]'" in done.stderr


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff", b'{"state": 1}', b"[" * 50_000])
def test_a_field_that_is_not_a_flag_is_classic_and_the_others_stay(tmp_path: Path, cache: Cache, text: bytes):
    cache.call("HSET", KEY, DB, text, "ctx-engine", json.dumps(with_percent({}, 10_000)), b"\xff", b"x")
    notes: list[str] = []
    assert answer(tmp_path, settings(cache), notes) == ("classic", "ERROR", "redis")
    assert "db-engine in Redis" in notes[0]
    assert Flags(settings(cache), tmp_path, Interrupt()).evaluate("ctx-engine", "x").variant == "native"


def test_a_key_of_another_type_is_classic(tmp_path: Path, cache: Cache):
    cache.call("SET", KEY, "x")
    assert answer(tmp_path, settings(cache)) == ("classic", "ERROR", "redis")


def test_redis_is_asked_once_a_second_and_after_a_failure_after_half_a_minute(cache: Cache):
    now_s = 100.0
    source = RedisSource(Secret(cache.url), 0.5, Interrupt(), clock=lambda: now_s)
    assert source.get(DB) is None
    put(cache, 100)
    assert source.get(DB) is None
    now_s += 1.1
    assert source.get(DB) is not None
    cache.call("DEL", KEY)
    cache.call("SET", KEY, "x")
    now_s += 1.1
    assert (source.get(DB), source.is_blind(DB)) == (None, True)
    cache.call("DEL", KEY)
    now_s += 20
    assert source.is_blind(DB)
    now_s += 11
    assert (source.get(DB), source.is_blind(DB), source.problem) == (None, False, "")


def test_setting_changes_redis_and_leaves_a_line(tmp_path: Path, each_cache: Cache):
    for percent in (25, 50):
        set_percent(settings(each_cache), tmp_path, Interrupt(), DB, percent * 100)
    assert Flags(settings(each_cache), tmp_path, Interrupt()).definition(DB)[0].percent == 50  # type: ignore[union-attr]
    changes, unreadable = read(tmp_path)
    assert [(change.before, change.after, unreadable) for change in changes] == [(None, 25.0, 0), (25.0, 50.0, 0)]
    assert changes[0].place == each_cache.target.label
    assert not (tmp_path / "flags" / "flags.json").exists()


def test_setting_in_a_cluster(tmp_path: Path, cache_cluster: CacheCluster):
    target = cache_cluster.target
    found = settings(f"redis://{target.host}:{target.port}/0")
    set_percent(found, tmp_path, Interrupt(), DB, 0)
    assert answer(tmp_path, found) == ("classic", "TARGETING_MATCH", "redis")


def test_a_change_in_between_is_not_overwritten(cache: Cache):
    source, calls = RedisSource(Secret(cache.url), 0.5, Interrupt()), []

    def edit(flag: dict[str, Any]) -> dict[str, Any]:
        calls.append(flag)
        if len(calls) == 1:
            put(cache, 70)  # another writer
        return with_percent(flag, 1000)

    before = source.change(DB, edit)
    assert (len(calls), before and before.percent) == (2, 70.0)


def test_setting_a_field_that_is_not_a_flag_changes_nothing(tmp_path: Path, cache: Cache):
    cache.call("HSET", KEY, DB, "{")
    with pytest.raises(ExternalError, match="nothing was changed"):
        set_percent(settings(cache), tmp_path, Interrupt(), DB, 0)
    assert cache.call("HGET", KEY, DB) == b"{"
    assert read(tmp_path) == ([], 0)


def test_setting_without_an_answer_is_an_error(tmp_path: Path):
    with pytest.raises(ExternalError):
        set_percent(settings(down()), tmp_path, Interrupt(), DB, 0)
    assert read(tmp_path) == ([], 0)
