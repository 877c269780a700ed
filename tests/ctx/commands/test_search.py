"""`ctx search` behind its flag: which engine answers, and that classic takes over while native is broken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.flags.fallback import FAILURES, RECOVERY_S
from boombap.flags.outcomes import Outcomes, change, read
from ctx.repositories import repository

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

FLAG = "ctx-engine"
FAULT = {"BOOMBAP_TEST": "1", "BOOMBAP_TEST_ENGINE_FAULT": "ctx:error"}
CLASSIC = {"BOOMBAP_FLAG_CTX_ENGINE": "classic"}
FILES: dict[str, str | bytes] = {
    "pool.py": "class ConnectionPool:\n    def acquire(self): ...\n",
    "tool": "#!/usr/bin/env python3\nConnectionPool = 1\n",
    "docs/pool.md": "# ConnectionPool\n",
}


@pytest.fixture
def work(isolated: Path) -> Path:
    return repository(isolated, FILES)


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap"


def found(boombap: Run, *words: str, code: int = 0, **environment: str) -> Any:
    done = boombap("ctx", "search", "--json", *words, **environment)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def hit_paths(answer: Any) -> list[str]:
    return sorted({hit["path"] for hit in answer["hits"]})


def decisions() -> dict[str, int]:
    lines = (state() / "metrics" / "ctx.prom").read_text().splitlines()
    named = [line.rpartition(" ") for line in lines if line.startswith("boombap_flag_evaluations_total")]
    return {name.partition("reason=")[2].strip('"}'): int(float(value)) for name, _, value in named}


def test_never_configured_is_native_and_keeps_no_outcomes(work: Path, boombap: Run):
    assert found(boombap, "acquire")["engine"] == "native"
    assert not (state() / "engines").exists()


def test_the_answer_names_its_engine(work: Path, boombap: Run):
    answer = found(boombap, "ConnectionPool", **CLASSIC)
    assert (answer["engine"], hit_paths(answer)) == ("classic", ["docs/pool.md", "pool.py", "tool"])
    done = boombap("ctx", "search", "ConnectionPool", **CLASSIC)
    assert done.stderr == "answered by the classic engine of ctx: as ctx-engine says\n"
    assert "pool.py:1-2" in done.stdout


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (["--path", "docs"], ["docs/pool.md"]),
        (["--exclude", "docs", "--exclude", "tool"], ["pool.py"]),
        (["--lang", "python"], ["pool.py", "tool"]),
        (["--lang", "python", "-n", "1"], ["pool.py"]),
    ],
)
def test_classic_keeps_to_the_files_that_are_asked_for(work: Path, boombap: Run, words: list[str], paths: list[str]):
    answer = found(boombap, *words, "ConnectionPool", **CLASSIC)
    native = found(boombap, *words[:2], "ConnectionPool")
    assert set(hit_paths(answer)) <= set(hit_paths(native))
    assert len(answer["hits"]) == len(paths)
    if "-n" not in words:
        assert hit_paths(answer) == paths


def test_what_only_native_has_is_native(work: Path, boombap: Run):
    for words in (["-e", "def acq.*"], ["-i", '"CONNECTIONPOOL"']):
        assert found(boombap, *words, **CLASSIC)["engine"] == "native"


def test_a_path_without_files_is_named(work: Path, boombap: Run):
    done = boombap("ctx", "search", "--path", "gone", "acquire", **CLASSIC)
    assert done.returncode == 1
    assert "no file matches gone" in done.stderr


def test_files_that_classic_leaves_out_are_no_verdict(work: Path, boombap: Run):
    (work / os.fsdecode(b"lease\xff.py")).write_text("def lease(): ...\n")
    done = boombap("ctx", "search", "lease", **CLASSIC)
    assert done.returncode == 4
    assert "1 file left out: name is not UTF-8" in done.stderr
    assert not found(boombap, "lease", code=4, **CLASSIC)["is_complete"]


def test_classic_serves_while_native_is_broken_and_native_returns(work: Path, boombap: Run):
    boombap("flags", "set", FLAG, "--percent", "100")
    assert found(boombap, "acquire")["engine"] == "native"
    for _ in range(FAILURES):
        assert found(boombap, "acquire", **FAULT)["engine"] == "classic"
    assert decisions() == {"TARGETING_MATCH": 1 + FAILURES, "FALLBACK": FAILURES}
    answer = boombap("ctx", "search", "acquire")
    assert "native is switched off (5 failures in a row)" in answer.stderr
    assert decisions()["FALLBACK"] == FAILURES + 1

    def earlier(kept: Outcomes) -> Outcomes:
        return kept.replace(breaker=kept.breaker.replace(since_s=kept.breaker.since_s - RECOVERY_S))

    assert change(state(), FLAG, earlier)
    assert [found(boombap, "acquire")["engine"] for _ in range(2)] == ["native", "native"]
    assert not read(state(), FLAG).breaker.is_open


def test_a_fault_outside_a_test_environment_is_refused(work: Path, boombap: Run):
    done = boombap("ctx", "search", "acquire", BOOMBAP_TEST_ENGINE_FAULT="ctx:error")
    assert done.returncode == 2
    assert "BOOMBAP_TEST_ENGINE_FAULT breaks an engine outside a test environment" in done.stderr


def test_a_search_that_makes_the_index_first_is_other_work(work: Path, boombap: Run):
    boombap("flags", "set", FLAG, "--percent", "100")
    for _ in range(2):
        found(boombap, "acquire")
    assert [outcome.work for outcome in read(state(), FLAG).native] == ["index and search", "search"]
