"""Two engines in the tour: nobody's flags are changed, classic answers while native is broken, both are timed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from boombap.demo.rollout import beside, show
from boombap.demo.stage import Stage
from boombap.errors import BoombapError
from boombap.interrupt import Interrupt
from boombap.output.terminal import Terminal
from ctx.repositories import repository


def stage() -> Stage:
    """Return one that writes to the streams of now, as the commands that it runs do."""
    return Stage(Terminal(), Interrupt())


def test_a_rollout_and_a_broken_engine(capfd: pytest.CaptureFixture[str]):
    show(stage())
    out, err = capfd.readouterr()
    assert "25 % to 100 % native" in out
    assert "native failed (RuntimeError)" in err
    assert {"classic", "native"} == set(re.findall(r"^\w+ +(classic|native) +TARGETING_MATCH", out, re.MULTILINE))
    assert not (Path(os.environ["XDG_STATE_HOME"]) / "boombap" / "flags").exists()


def test_both_engines_are_timed_and_their_answers_not_shown(capfd: pytest.CaptureFixture[str], isolated: Path):
    repository(isolated, {"a.py": "def acquire(): ...\n"})
    beside(stage(), "ctx", "ctx", "search", "acquire")
    out = capfd.readouterr().out
    assert re.search(r"the plain way takes [\d,]+ ms for the same, ours [\d,]+ ms: \d+\.\d times as fast", out)
    assert "acquire" not in out


def test_an_engine_that_fails_is_not_timed(isolated: Path):
    repository(isolated, {"a.py": "x\n"})
    with pytest.raises(BoombapError, match="ended with 1"):
        beside(stage(), "ctx", "ctx", "search", "acquire")
