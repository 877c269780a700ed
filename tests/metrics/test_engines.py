"""The page of metrics behind its flag: which engine writes it, and that classic takes over while native is broken."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from boombap.command.context import RunContext
from boombap.config.model import Config, Paths
from boombap.flags.fallback import FAILURES, RECOVERY_S
from boombap.flags.outcomes import Outcomes, change, read
from boombap.flags.settings import FlagSettings
from boombap.interrupt import Interrupt
from boombap.metrics.engines import encoder
from boombap.output.terminal import Terminal
from boombap.telemetry import catalogue
from boombap.telemetry.instruments import Meter
from metrics.test_page import values
from metrics.test_serve import served

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]

FLAG = "metrics-engine"
FAULT = {"BOOMBAP_TEST": "1", "BOOMBAP_TEST_ENGINE_FAULT": "metrics:error"}
CLASSIC = {"BOOMBAP_FLAG_METRICS_ENGINE": "classic"}
NATIVE = {"BOOMBAP_FLAG_METRICS_ENGINE": "native"}
EVALUATIONS = "boombap_flag_evaluations_total"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap"


def page(url: str, accept: str = "*/*") -> tuple[str, str]:
    """Return the page of a collector and its content type."""
    with urlopen(Request(url, headers={"Accept": accept}), timeout=20) as response:
        return response.read().decode(), response.headers["Content-Type"]


def decisions(text: str) -> dict[tuple[str, ...], float]:
    return {name[1:]: value for name, value in values(text).items() if name[0] == EVALUATIONS}


def test_never_configured_is_native_and_keeps_no_outcomes(boombap: Run, start_boombap: Start) -> None:
    child = start_boombap("metrics", "serve", "--port", "0")
    url = served(child)
    assert [decisions(page(url)[0]) for _ in range(2)] == [{}, {}]
    assert not (state() / "engines").exists()
    assert not (state() / "metrics").exists()
    child.send_signal(signal.SIGTERM)
    child.wait(timeout=20)
    assert decisions(boombap("metrics", "collect").stdout) == {(FLAG, "DEFAULT", "native"): 2.0}


@pytest.mark.parametrize("accept", ["*/*", OPENMETRICS, "text/plain;version=0.0.4"])
def test_both_engines_write_the_same_samples(boombap: Run, start_boombap: Start, accept: str) -> None:
    boombap("metrics", "rules")
    found = {}
    for environment in (NATIVE, CLASSIC):
        url = served(start_boombap("metrics", "serve", "--port", "0", **environment))
        text, kind = page(url, accept)
        found[environment["BOOMBAP_FLAG_METRICS_ENGINE"]] = (values(text), kind)
        if accept == OPENMETRICS:
            assert {family.name for family in parse_openmetrics(text)}
    samples = [
        {name: value for name, value in of.items() if name[0].startswith("boombap_command")} for of, _ in found.values()
    ]
    assert samples[0] == samples[1] != {}
    assert found["native"][1] == found["classic"][1]


def test_classic_serves_while_native_is_broken_and_native_returns(boombap: Run, start_boombap: Start) -> None:
    boombap("flags", "set", FLAG, "--percent", "100")
    child = start_boombap("metrics", "serve", "--port", "0", **FAULT)
    url = served(child)
    for _ in range(FAILURES):
        page(url)
    # What one page decides is in the next.
    assert decisions(page(url)[0])[FLAG, "FALLBACK", "classic"] == FAILURES
    child.send_signal(signal.SIGTERM)
    assert child.stderr is not None
    assert child.wait(timeout=20) == 143
    notes = child.stderr.read()
    assert notes.count("native failed (RuntimeError)") == 1
    assert notes.count("native is switched off (5 failures in a row)") == 1

    repaired = served(start_boombap("metrics", "serve", "--port", "0"))
    before = decisions(page(repaired)[0])

    def earlier(kept: Outcomes) -> Outcomes:
        return kept.replace(breaker=kept.breaker.replace(since_s=kept.breaker.since_s - RECOVERY_S))

    assert change(state(), FLAG, earlier)
    page(repaired)
    after = decisions(page(repaired)[0])
    key = (FLAG, "TARGETING_MATCH", "native")
    assert after[key] == before[key] + 1
    assert not read(state(), FLAG).breaker.is_open


def test_a_collector_follows_its_flag(boombap: Run, start_boombap: Start) -> None:
    url = served(start_boombap("metrics", "serve", "--port", "0"))
    page(url)
    boombap("flags", "set", FLAG, "--percent", "0")
    page(url)
    assert decisions(page(url)[0]) == {(FLAG, "TARGETING_MATCH", "classic"): 1.0}


def test_a_forced_engine_that_is_broken_is_not_replaced(start_boombap: Start) -> None:
    url = served(start_boombap("metrics", "serve", "--port", "0", **FAULT, **NATIVE))
    with pytest.raises(HTTPError) as caught:
        page(url)
    with caught.value as refused:
        assert refused.code == 500


def test_a_page_that_is_printed_asks_its_flag_too(boombap: Run) -> None:
    done = boombap("metrics", "collect", **CLASSIC)
    assert done.stderr == "answered by the classic engine of metrics: as metrics-engine says\n"
    assert done.stdout.startswith("# HELP boombap_")
    again = boombap("metrics", "collect", **NATIVE)
    assert decisions(again.stdout) == {(FLAG, "OVERRIDE", "classic"): 1.0}


def test_a_probe_is_written_by_the_same_engine(start_boombap: Start) -> None:
    url = served(start_boombap("metrics", "serve", "--port", "0", REDIS_URL="redis://127.0.0.1:1/0", **CLASSIC))
    text, _ = page(url.replace("/metrics", "/probe?target=redis"))
    assert values(text)["boombap_source_up", "redis"] == 0.0
    assert decisions(page(url)[0])[FLAG, "OVERRIDE", "classic"] == 1.0


def test_a_flag_that_moves_to_an_engine_that_is_not_installed_costs_no_page(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = FlagSettings(metrics_engine="classic")
    config = Config(tools={FlagSettings: settings}, paths=Paths(state=isolated))
    context = RunContext(Namespace(), config, Terminal(), Interrupt(), ExitStack(), Meter())
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    monkeypatch.delitem(sys.modules, "boombap.metrics.classic", raising=False)
    encode = encoder(context, isolated)
    body, kind = encode([(catalogue.DB_SIZE, {("boombap_db_size_bytes", ()): 42.0})], "")
    assert b"boombap_db_size_bytes 42" in body
    assert kind.startswith("text/plain")
    assert "prometheus_client is not installed" in capsys.readouterr().err
