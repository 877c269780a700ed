"""`deps audit` and `deps check` behind their flag: which engine answers, and that a gate keeps to the one chosen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.flags.fallback import FAILURES, RECOVERY_S
from boombap.flags.outcomes import Outcomes, change, read
from deps.osv import TRUTH, database, record

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

FLAG = "deps-engine"
FAULT = {"BOOMBAP_TEST": "1", "BOOMBAP_TEST_ENGINE_FAULT": "deps:error"}
CLASSIC = {"BOOMBAP_FLAG_DEPS_ENGINE": "classic"}
SAME = ("verdict", "findings", "violations", "gaps", "audited", "skipped", "lints", "files", "inventory")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of three packages, and a database that knows two of them."""
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, TRUTH))
    Path("requirements.txt").write_text("fastapi==0.104.1\nblack==23.12.1\nredis==5.3.1\n")


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap"


def answer(run: Run, *words: str, code: int = 1, **environment: str) -> Any:
    done = run("deps", *words, "--format", "json", **environment)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("action", ["audit", "check", "report"])
def test_never_configured_is_native_and_keeps_no_outcomes(boombap: Run, action: str) -> None:
    assert answer(boombap, action, code=0 if action == "report" else 1)["engine"] == "native"
    assert not (state() / "engines").exists()


@pytest.mark.parametrize("action", ["audit", "check"])
def test_both_engines_say_the_same_and_name_themselves(boombap: Run, action: str) -> None:
    Path("broken.lock").write_text("x")
    Path("poetry.lock").write_text("[[package]\n")
    native, classic = answer(boombap, action, code=4), answer(boombap, action, code=4, **CLASSIC)
    assert (native["engine"], classic["engine"]) == ("native", "classic")
    assert {name: native[name] for name in SAME} == {name: classic[name] for name in SAME}
    assert any(item["state"] == "gap" for item in classic["inventory"])
    done = boombap("deps", action, **CLASSIC)
    assert "answered by the classic engine of deps: as deps-engine says\n" in done.stderr


def test_a_package_of_run_time_blocks_also_where_tests_name_it_first(boombap: Run) -> None:
    Path("requirements-dev.txt").write_text("fastapi==0.104.1\n")
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    native, classic = answer(boombap, "check"), answer(boombap, "check", **CLASSIC)
    scopes = [[(row["scope"], row["status"]) for row in of["findings"]] for of in (native, classic)]
    assert scopes[0] == scopes[1] == [("runtime", "blocks")]


def test_an_audit_is_answered_by_classic_while_native_is_broken_and_native_returns(boombap: Run) -> None:
    boombap("flags", "set", FLAG, "--percent", "100")
    for _ in range(FAILURES):
        assert answer(boombap, "audit", **FAULT)["engine"] == "classic"
    assert 'variant="classic",reason="FALLBACK"} 5' in (state() / "metrics" / "deps.prom").read_text()
    assert "native is switched off (5 failures in a row)" in boombap("deps", "audit").stderr

    def earlier(kept: Outcomes) -> Outcomes:
        return kept.replace(breaker=kept.breaker.replace(since_s=kept.breaker.since_s - RECOVERY_S))

    assert change(state(), FLAG, earlier)
    assert [answer(boombap, "audit")["engine"] for _ in range(2)] == ["native", "native"]
    assert not read(state(), FLAG).breaker.is_open


def test_a_gate_does_not_fall_back(boombap: Run) -> None:
    boombap("flags", "set", FLAG, "--percent", "100")
    for _ in range(FAILURES):
        done = boombap("deps", "check", **FAULT)
        assert (done.returncode, done.stdout) == (70, "")
        assert "RuntimeError" in done.stderr
    assert read(state(), FLAG).breaker.is_open
    assert answer(boombap, "check")["engine"] == "native"


def test_a_project_with_another_ecosystem_is_native(
    boombap: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Classic would leave its packages out, and a policy may allow that."""
    monkeypatch.setenv(
        "BOOMBAP_DEPS_DATABASE", database(tmp_path, [*TRUTH, record("MAL-1", "left", {"introduced": "0"})])
    )
    Path("package-lock.json").write_text(
        '{"lockfileVersion": 3, "packages": {"": {}, "node_modules/left": {"version": "1.0.0"}}}'
    )
    for environment in (CLASSIC, CLASSIC | FAULT):
        done = boombap("deps", "check", "--format", "json", **environment)
        assert json.loads(done.stdout)["engine"] == "native"
        assert (done.returncode, "classic" in done.stderr) == (4, False)


def test_nothing_to_audit_is_not_clean_for_either(boombap: Run) -> None:
    Path("requirements.txt").write_text("")
    native, classic = answer(boombap, "audit", code=4), answer(boombap, "audit", code=4, **CLASSIC)
    assert native["gaps"] == classic["gaps"]


def test_the_key_is_the_real_path(boombap: Run) -> None:
    """A share that lets one folder in lets it in from everywhere, under every name of it."""
    project = os.path.realpath(".")
    Path(project, "link").symlink_to(project)
    boombap("flags", "set", FLAG, "--percent", "50")
    rows = json.loads(boombap("flags", "evaluate", FLAG, project, "--format", "json").stdout)["evaluations"]
    for words in ((), (".",), ("link",), (project,)):
        assert answer(boombap, "audit", *words)["engine"] == rows[0]["variant"]


def test_a_damaged_database_is_not_a_failure_of_the_engine(boombap: Run) -> None:
    place = Path(os.environ["BOOMBAP_DEPS_DATABASE"], "PyPI.advisories")
    place.write_text("no database\n" * 500)
    boombap("flags", "set", FLAG, "--percent", "100")
    done = boombap("deps", "audit")
    assert (done.returncode, "classic" in done.stderr) == (3, False)
    assert boombap("deps", "audit", **CLASSIC).returncode == 3
    assert read(state(), FLAG) == Outcomes()
