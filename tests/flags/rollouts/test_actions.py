"""`flags rollout` and `flags report` as commands, over runs that tools have left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import boombap as boombap_package
from boombap.flags.model import NAMES
from flags.runs import leave

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]


def answer(boombap: Run, *words: str, code: int = 0) -> Any:
    done = boombap("flags", *words, "--format", "json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def share(boombap: Run, flag: str) -> float:
    (percent,) = (row["percent"] for row in answer(boombap, "list")["flags"] if row["name"] == flag)
    return float(percent)


def test_a_rollout_moves_its_flag_and_no_other(boombap: Run) -> None:
    answer(boombap, "rollout", "start", "ctx-engine", "--steps", "10,100", "--min-runs", "8")
    assert (share(boombap, "ctx-engine"), share(boombap, "db-engine")) == (10, 100)
    assert answer(boombap, "rollout", "advance", "ctx-engine")["action"] == "wait"
    leave("ctx-engine", "native", 8)
    leave("ctx-engine", "classic", 40)
    assert answer(boombap, "rollout", "advance", "ctx-engine")["action"] == "advance"
    assert share(boombap, "ctx-engine") == 100
    assert [change["to"] for change in answer(boombap, "history")["changes"]] == [10, 100]


def test_two_rollouts_are_independent(boombap: Run) -> None:
    """Of 2,000 keys one in a hundred is native in both where each has one in ten."""
    keys = [f"key-{number}" for number in range(500)]
    for flag in ("ctx-engine", "db-engine"):
        answer(boombap, "rollout", "start", flag, "--steps", "10,100")
    native = [
        {row["key"] for row in answer(boombap, "evaluate", flag, *keys)["evaluations"] if row["variant"] == "native"}
        for flag in ("ctx-engine", "db-engine")
    ]
    assert all(30 <= len(chosen) <= 70 for chosen in native)
    assert len(native[0] & native[1]) <= 15


def test_a_rollout_that_is_worse_goes_back_and_ends_with_1(boombap: Run) -> None:
    answer(boombap, "rollout", "start", "ctx-engine", "--steps", "50,100")
    leave("ctx-engine", "native", 5, failed=5)
    aborted = answer(boombap, "rollout", "advance", "ctx-engine", code=1)
    assert (aborted["action"], aborted["state"], share(boombap, "ctx-engine")) == ("abort", "aborted", 0)
    assert answer(boombap, "rollout", "status", "ctx-engine", code=1)["state"] == "aborted"


def test_runs_of_an_earlier_step_do_not_count(boombap: Run) -> None:
    leave("ctx-engine", "native", 60, ago_s=60)
    answer(boombap, "rollout", "start", "ctx-engine", "--min-runs", "8")
    assert answer(boombap, "rollout", "advance", "ctx-engine")["reason"] == "0 of 8 runs of native at 1 %"


def test_a_person_may_stop_it(boombap: Run) -> None:
    answer(boombap, "rollout", "start", "ctx-engine")
    assert answer(boombap, "rollout", "stop", "ctx-engine")["state"] == "stopped"
    assert answer(boombap, "rollout", "advance", "ctx-engine")["action"] is None
    boombap("flags", "set", "ctx-engine", "--percent", "40")
    assert answer(boombap, "rollout", "start", "ctx-engine")["percent"] == 1


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["advance", "db-engine"], 3, "there was no rollout of db-engine"),
        (["status", "db-engine"], 3, "`boombap flags rollout start db-engine` begins one"),
        (["start", "no-engine"], 2, "is not a flag"),
        (["start", "db-engine", "--steps", "5,5"], 2, "are not shares above 0 that grow"),
        (["start", "db-engine", "--steps", "0,5"], 2, "are not shares above 0 that grow"),
        (["start", "db-engine", "--steps", "5,101"], 2, "is not a percentage"),
        (["start", "db-engine", "--max-slowdown", "nan"], 2, "is not a number from 1 to 100"),
        (["start", "db-engine", "--min-runs", "0"], 2, "--min-runs"),
        (["start", "db-engine", "--min-runs", "201"], 2, "--min-runs"),
        (["advance", "db-engine", "--min-runs", "9"], 2, "--min-runs goes with `rollout start` only"),
        (["turn", "db-engine"], 2, "turn"),
    ],
)
def test_bad_input(boombap: Run, words: list[str], code: int, message: str) -> None:
    done = boombap("flags", "rollout", *words)
    assert done.returncode == code
    assert message in done.stderr


def test_a_report_needs_runs_of_both(boombap: Run) -> None:
    empty = answer(boombap, "report", "db-engine", code=4)
    assert (empty["is_enough"], empty["engines"][0]["p50_s"]) == (False, None)
    leave("db-engine", "native", 40, took_s=0.1)
    assert answer(boombap, "report", "db-engine", code=4)["verdict"] == "not enough runs: 30 of each are needed"
    leave("db-engine", "classic", 40, took_s=1.0, failed=2)
    full = answer(boombap, "report", "db-engine")
    assert full["verdict"] == "native takes 0.1 of the time of classic (median)"
    assert [(row["runs"], row["failures"]) for row in full["engines"]] == [(40, 0), (40, 2)]
    assert (
        full["engines"][0]["p50_s"]["low"]
        <= full["engines"][0]["p50_s"]["value"]
        <= full["engines"][0]["p50_s"]["high"]
    )


@pytest.mark.parametrize(
    ("native", "verdict"),
    [
        ({"took_s": 9.0}, "native is slower than classic"),
        ({"failed": 39}, "native fails more often than classic"),
        ({}, "the runs do not tell the two apart"),
    ],
)
def test_what_a_report_says(boombap: Run, native: dict[str, Any], verdict: str) -> None:
    leave("db-engine", "native", 40, **native)
    leave("db-engine", "classic", 40)
    lines = boombap("flags", "report", "db-engine").stdout.splitlines()
    assert lines[-1] == verdict
    assert lines[1].split()[:3] == ["engine", "work", "runs"]


def test_every_flag_is_asked_by_its_tool() -> None:
    """To set one that nobody asks would change nothing, and a rollout of it would wait for ever."""
    source = Path(boombap_package.__file__).parent
    for flag in NAMES:
        files = source.joinpath(flag.removesuffix("-engine")).rglob("*.py")
        assert any(f'"{flag}"' in path.read_text(encoding="utf-8") for path in files), flag
