"""`spotify explain` behind its flag: which engine searches, and that classic takes over while native is broken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.flags.fallback import FAILURES, RECOVERY_S
from boombap.flags.outcomes import Outcomes, change, read
from spotify.upstream import TOKEN, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess

    from caches import Cache
    from spotify.upstream import Upstream

FLAG = "spotify-engine"
SECRET = "Geheimnis-4711"
FAULT = {"BOOMBAP_TEST": "1", "BOOMBAP_TEST_ENGINE_FAULT": "spotify:error"}
CLASSIC = {"BOOMBAP_FLAG_SPOTIFY_ENGINE": "classic"}
LIMITED = (429, {"error": {"status": 429}}, {"Retry-After": "7200"})


class Explainer:
    """Runs `boombap spotify explain` on one Web API."""

    def __init__(self, run: Any, web: Upstream) -> None:
        self.web = web
        self._run = run
        self._environment = {
            "SPOTIFY_CLIENT_ID": "client",
            "SPOTIFY_CLIENT_SECRET": SECRET,
            "BOOMBAP_SPOTIFY_BASE_URL": f"{web.url}/v1",
            "BOOMBAP_SPOTIFY_ACCOUNTS_URL": web.url,
        }

    def run(self, *words: str, **environment: str) -> CompletedProcess[str]:
        words = ("spotify", "explain", *(words or ("Nas", "Song 7")), "--format", "json")
        done: CompletedProcess[str] = self._run(*words, **self._environment | environment)
        assert SECRET not in done.stdout + done.stderr
        return done

    def answer(self, *words: str, **environment: str) -> Any:
        done = self.run(*words, **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def explainer(boombap: Any) -> Iterator[Explainer]:
    with upstream() as web:
        yield Explainer(boombap, web)


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap"


def test_never_configured_is_native_and_keeps_no_outcomes(explainer: Explainer) -> None:
    assert explainer.answer()["engine"] == "native"
    assert not (state() / "engines").exists()


def test_both_engines_find_the_same_and_name_themselves(explainer: Explainer) -> None:
    native, classic = explainer.answer(), explainer.answer(**CLASSIC)
    assert (native.pop("engine"), classic.pop("engine")) == ("native", "classic")
    assert native == classic
    assert native["verdict"]["outcome"] == "matched"
    assert "answered by the classic engine of spotify: as spotify-engine says\n" in explainer.run(**CLASSIC).stderr


def test_classic_serves_while_native_is_broken_and_native_returns(boombap: Any, explainer: Explainer) -> None:
    boombap("flags", "set", FLAG, "--percent", "100")
    for _ in range(FAILURES):
        assert explainer.answer(**FAULT)["engine"] == "classic"
    assert 'variant="classic",reason="FALLBACK"} 5' in (state() / "metrics" / "spotify.prom").read_text()
    assert "native is switched off (5 failures in a row)" in explainer.run().stderr

    def earlier(kept: Outcomes) -> Outcomes:
        return kept.replace(breaker=kept.breaker.replace(since_s=kept.breaker.since_s - RECOVERY_S))

    assert change(state(), FLAG, earlier)
    assert [explainer.answer()["engine"] for _ in range(2)] == ["native", "native"]
    assert not read(state(), FLAG).breaker.is_open


@pytest.mark.parametrize("path", [TOKEN, "/v1/search"])
def test_a_ban_that_classic_meets_is_kept_for_all(explainer: Explainer, cache: Cache, path: str) -> None:
    """An app that keeps asking is banned for longer."""
    explainer.web.trick = lambda asked: LIMITED if asked.path == path else None
    assert explainer.run(REDIS_URL=cache.url, **CLASSIC).returncode == 75
    asked = len(explainer.web.log)
    for environment in (CLASSIC, {}):
        assert explainer.run(REDIS_URL=cache.url, **environment).returncode == 75
    assert len(explainer.web.log) == asked


def test_a_code_of_the_recording_is_native(explainer: Explainer) -> None:
    assert explainer.answer("Nas", "Song 7", "--isrc", "USSM19400101", **CLASSIC)["engine"] == "native"


def test_a_web_api_that_is_down_is_not_a_failure_of_the_engine(boombap: Any, explainer: Explainer) -> None:
    boombap("flags", "set", FLAG, "--percent", "100")
    explainer.web.trick = lambda asked: (403, {"error": {"status": 403}}) if asked.path == "/v1/search" else None
    done = explainer.run()
    assert (done.returncode, "answered by" in done.stderr) == (3, False)
    assert explainer.run(**CLASSIC).returncode == 3
    assert read(state(), FLAG) == Outcomes()
