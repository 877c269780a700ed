"""`redis info` and `redis keys` behind their flag: which engine answers, and when classic takes over."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.flags.fallback import FAILURES, RECOVERY_S
from boombap.flags.outcomes import Outcomes, change, read
from redis_actions import PASSWORD, ask

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from caches import Cache, CacheCluster

    Run = Callable[..., subprocess.CompletedProcess[str]]

FLAG = "redis-engine"
FAULT = {"BOOMBAP_TEST": "1", "BOOMBAP_TEST_ENGINE_FAULT": "redis:error"}
CLASSIC = {"BOOMBAP_FLAG_REDIS_ENGINE": "classic"}


@pytest.fixture
def filled(cache: Cache) -> Cache:
    with cache.connection() as connection:
        connection.pipeline(
            [
                *(("SET", f"artist:{number}", "x", "EX", 9_000) for number in range(40)),
                *(("SET", f"lyrics:{number}", "y") for number in range(20)),
            ]
        )
    return cache


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap"


def answer(run: Run, cache: Cache, *words: str, code: int = 0, **environment: str) -> Any:
    done = run("redis", *words, "--format", "json", REDIS_URL=cache.url, **environment)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("action", ["info", "keys"])
def test_never_configured_is_native_and_keeps_no_outcomes(boombap: Run, filled: Cache, action: str) -> None:
    assert ask(boombap, filled, action)["engine"] == "native"
    assert not (state() / "engines").exists()


def test_both_engines_find_the_same_and_name_themselves(boombap: Run, filled: Cache) -> None:
    native, classic = answer(boombap, filled), answer(boombap, filled, **CLASSIC)
    assert (native["engine"], classic["engine"]) == ("native", "classic")
    found = [{(row["id"], row["subject"]) for row in of["health"]["findings"]} for of in (native, classic)]
    assert found[0] == found[1]
    assert list(native) == list(classic)
    done = boombap("redis", REDIS_URL=filled.url, **CLASSIC)
    assert done.stderr == "answered by the classic engine of redis: as redis-engine says\n"


def test_keys_that_classic_does_not_look_into_are_not_clean(boombap: Run, filled: Cache) -> None:
    native, classic = answer(boombap, filled, "keys"), answer(boombap, filled, "keys", code=3, **CLASSIC)
    assert {name: native[name] for name in ("keys", "size_bytes", "types")} == {
        name: classic[name] for name in ("keys", "size_bytes", "types")
    }
    gap = {"id": "pickle_values", "reason": "GETRANGE is not used by the classic engine", "is_failure": True}
    assert classic["health"]["skipped"] == [gap]


def test_both_find_the_keys_that_should_expire(boombap: Run, filled: Cache) -> None:
    config = {"BOOMBAP_REDIS_MANAGER_TTLS": "lyrics:=1h,ly=1h,artist:=1h"}
    native = answer(boombap, filled, "keys", **config)
    classic = answer(boombap, filled, "keys", code=3, **config, **CLASSIC)
    found = [
        {(row["id"], row["subject"], row["summary"]) for row in of["health"]["findings"]} for of in (native, classic)
    ]
    assert found[0] == found[1]
    assert {subject for id_, subject, _ in found[0] if id_ == "keys_without_ttl"} == {"lyrics:", "ly"}


@pytest.mark.parametrize("action", ["info", "keys"])
def test_classic_serves_while_native_is_broken_and_native_returns(boombap: Run, filled: Cache, action: str) -> None:
    code = 3 if action == "keys" else 0
    boombap("flags", "set", FLAG, "--percent", "100")
    for _ in range(FAILURES):
        assert answer(boombap, filled, action, code=code, **FAULT)["engine"] == "classic"
    assert 'variant="classic",reason="FALLBACK"} 5' in (state() / "metrics" / "redis.prom").read_text()
    done = boombap("redis", action, REDIS_URL=filled.url)
    assert "native is switched off (5 failures in a row)" in done.stderr

    def earlier(kept: Outcomes) -> Outcomes:
        return kept.replace(breaker=kept.breaker.replace(since_s=kept.breaker.since_s - RECOVERY_S))

    assert change(state(), FLAG, earlier)
    assert [answer(boombap, filled, action)["engine"] for _ in range(2)] == ["native", "native"]
    assert not read(state(), FLAG).breaker.is_open


def test_a_cluster_is_not_answered_for_by_one_of_its_nodes(boombap: Run, cache_cluster: CacheCluster) -> None:
    for action in ("info", "keys"):
        done = boombap("redis", action, REDIS_URL=f"redis://{cache_cluster.target.address}/0", **CLASSIC)
        assert (done.returncode, done.stdout) == (4, "")
        assert "is a node of a Cluster; the classic engine reads one server" in done.stderr


def test_a_fallback_that_cannot_answer_shows_the_error_of_native(boombap: Run, cache_cluster: CacheCluster) -> None:
    boombap("flags", "set", FLAG, "--percent", "100")
    done = boombap("redis", REDIS_URL=f"redis://{cache_cluster.target.address}/0", **FAULT)
    assert (done.returncode, done.stdout) == (70, "")
    assert "RuntimeError" in done.stderr
    assert [row.is_failure for row in read(state(), FLAG).native] == [True]


def test_a_sample_is_native(boombap: Run, filled: Cache) -> None:
    assert answer(boombap, filled, "keys", "--sample", "50", **CLASSIC)["engine"] == "native"


def test_what_changes_keys_does_not_ask_its_flag(boombap: Run, filled: Cache) -> None:
    done = boombap("redis", "purge", "--match", "lyrics:*", "--yes", REDIS_URL=filled.url, **CLASSIC, **FAULT)
    assert (done.returncode, "classic" in done.stderr) == (0, False)
    assert filled.call("DBSIZE") == 40


def test_a_server_that_is_down_is_not_a_failure_of_the_engine(boombap: Run) -> None:
    boombap("flags", "set", FLAG, "--percent", "100")
    for flags in ({}, CLASSIC):
        done = boombap("redis", REDIS_URL=f"redis://u:{PASSWORD}@127.0.0.1:1/0", **flags)
        assert done.returncode == 3
        assert PASSWORD not in done.stderr
    assert read(state(), FLAG) == Outcomes()
