"""`db` behind its flag: which engine answers, and that classic takes over while native is broken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.flags.fallback import FAILURES, RECOVERY_S
from boombap.flags.outcomes import Outcomes, change, read

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]

FLAG = "db-engine"
FAULT = {"BOOMBAP_TEST": "1", "BOOMBAP_TEST_ENGINE_FAULT": "db:error"}
CLASSIC = {"BOOMBAP_FLAG_DB_ENGINE": "classic"}


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap"


def ask(run: Run, database: Database, *words: str, code: int = 0, **environment: str) -> Any:
    done = run("db", *words, "--format", "json", DATABASE_URL=database.url(), **environment)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_never_configured_is_native_and_keeps_no_outcomes(boombap: Run, healthy: Database):
    assert ask(boombap, healthy, "--quick")["engine"] == "native"
    assert not (state() / "engines").exists()


def test_both_engines_give_the_same_numbers_and_name_themselves(boombap: Run, healthy: Database):
    native, classic = ask(boombap, healthy, "--quick"), ask(boombap, healthy, "--quick", **CLASSIC)
    assert (native["tracks"], native["engine"]) == (classic["tracks"], "native")
    assert (list(native), classic["engine"]) == (list(classic), "classic")
    done = boombap("db", "--quick", DATABASE_URL=healthy.url(), **CLASSIC)
    assert done.stderr == "answered by the classic engine of db: as db-engine says\n"


def test_a_diagnosis_that_lacks_checks_is_not_clean(boombap: Run, healthy: Database):
    answer = ask(boombap, healthy, code=3, **CLASSIC)
    assert answer["health"]["skipped"][-1]["is_failure"] is True


def test_a_waiver_holds_for_both(boombap: Run, faulty: Database, tmp_path: Path):
    file = tmp_path / "waivers.toml"
    subject = ask(boombap, faulty, "health", code=3, **CLASSIC)["health"]["findings"][0]
    file.write_text(
        f'[[waiver]]\nid = "{subject["id"]}"\nsubject = "{subject["subject"]}"\n'
        'reason = "known"\nowner = "ops"\nexpires = 2999-01-01\n'
    )
    health = ask(boombap, faulty, "health", code=3, BOOMBAP_DB_WAIVERS=str(file), **CLASSIC)["health"]
    assert [finding["subject"] for finding in health["waived"]] == [subject["subject"]]


@pytest.mark.parametrize(
    "words", [["--quick", "--fast"], ["--unanalyzed", "--analyzer", "qwen-3-4b-fp8"], ["--unanalyzed", "-n", "11"]]
)
def test_what_only_native_has_is_native(boombap: Run, healthy: Database, words: list[str]):
    assert ask(boombap, healthy, *words, **CLASSIC)["engine"] == "native"


def test_classic_serves_while_native_is_broken_and_native_returns(boombap: Run, healthy: Database):
    boombap("flags", "set", FLAG, "--percent", "100")
    for _ in range(FAILURES):
        assert ask(boombap, healthy, "--quick", **FAULT)["engine"] == "classic"
    assert 'variant="classic",reason="FALLBACK"} 5' in (state() / "metrics" / "db.prom").read_text()
    done = boombap("db", "--quick", DATABASE_URL=healthy.url())
    assert (done.returncode, "native is switched off (5 failures in a row)" in done.stderr) == (0, True)

    def earlier(kept: Outcomes) -> Outcomes:
        return kept.replace(breaker=kept.breaker.replace(since_s=kept.breaker.since_s - RECOVERY_S))

    assert change(state(), FLAG, earlier)
    assert [ask(boombap, healthy, "--quick")["engine"] for _ in range(2)] == ["native", "native"]
    assert not read(state(), FLAG).breaker.is_open


def test_a_gate_does_not_fall_back(boombap: Run, healthy: Database):
    boombap("flags", "set", FLAG, "--percent", "100")
    done = boombap("db", "health", DATABASE_URL=healthy.url(), **FAULT)
    assert (done.returncode, done.stdout) == (70, "")
    assert "RuntimeError" in done.stderr


def test_a_server_that_is_down_is_not_a_failure_of_the_engine(boombap: Run):
    boombap("flags", "set", FLAG, "--percent", "100")
    done = boombap("db", "--quick", DATABASE_URL="postgresql://u:Geheimnis@127.0.0.1:1/none")
    assert done.returncode == 3
    assert "Geheimnis" not in done.stderr
    assert "classic" not in done.stderr
    assert read(state(), FLAG) == Outcomes()
