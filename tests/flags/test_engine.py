"""Which engine answers, when classic takes over, and what is never replaced."""

from __future__ import annotations

import subprocess
import sys
import time
from argparse import Namespace
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from boombap.command.context import RunContext
from boombap.config.model import Config, Paths
from boombap.errors import ConfigError, ExternalError, Interrupted, UsageError
from boombap.flags.change import set_percent
from boombap.flags.engine import run
from boombap.flags.fallback import FAILURES, RECOVERY_S
from boombap.flags.outcomes import BreakerState, Outcomes, change, read
from boombap.flags.settings import FlagSettings
from boombap.interrupt import Interrupt
from boombap.output.terminal import Terminal
from boombap.telemetry.instruments import Meter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DB = "db-engine"
_NEVER = """
import sys
from pathlib import Path
from argparse import Namespace
from contextlib import ExitStack
from boombap.command.context import RunContext
from boombap.config.model import Config, Paths
from boombap.flags.settings import FlagSettings
from boombap.interrupt import Interrupt
from boombap.output.terminal import Terminal
from boombap.telemetry import catalogue  # every run imports it
from boombap.telemetry.instruments import Meter
config = Config(tools={FlagSettings: FlagSettings()}, paths=Paths(state=Path(sys.argv[1])))
context = RunContext(Namespace(), config, Terminal(), Interrupt(), ExitStack(), Meter())
before = set(sys.modules)
from boombap.flags.engine import run
assert run(context, "db-engine", "rap", lambda: 1, lambda: 2, may_fall_back=True) == 1
print(*sorted(set(sys.modules) - before))
"""


class Bench:
    """Runs an engine with settings; keeps the metrics of its latest run."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.meter = Meter()

    def run(
        self,
        native: Callable[[], str] = lambda: "native",
        classic: Callable[[], str] = lambda: "classic",
        *,
        may_fall_back: bool = True,
        **settings: Any,
    ) -> str:
        self.meter = Meter()
        config = Config(tools={FlagSettings: FlagSettings(**settings)}, paths=Paths(state=self.state))
        context = RunContext(Namespace(), config, Terminal(), Interrupt(), ExitStack(), self.meter)
        return run(context, DB, "rap", native, classic, may_fall_back=may_fall_back)

    def set_to(self, percent: int) -> None:
        set_percent(FlagSettings(), self.state, Interrupt(), DB, percent * 100)

    def wait(self) -> None:
        """Let the breaker's recovery time go by."""

        def earlier(kept: Outcomes) -> Outcomes:
            return kept.replace(breaker=kept.breaker.replace(since_s=kept.breaker.since_s - RECOVERY_S))

        assert change(self.state, DB, earlier)

    @property
    def outcomes(self) -> Outcomes:
        return read(self.state, DB)

    @property
    def counted(self) -> set[tuple[str, str]]:
        return {(labels[1], labels[2]) for _, labels, _ in self.meter}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "state")


def broken() -> str:
    raise RuntimeError("secret")


def test_never_configured_is_native_and_leaves_nothing(bench: Bench):
    assert bench.run() == "native"
    assert bench.counted == {("native", "DEFAULT")}
    with pytest.raises(RuntimeError):
        bench.run(broken)
    assert not bench.state.exists()


def test_never_configured_imports_only_the_switch(tmp_path: Path):
    words = [sys.executable, "-c", _NEVER, str(tmp_path / "state")]
    imported = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert imported == ["boombap.flags.engine", "boombap.flags.evaluation"]


def test_the_flag_chooses_and_both_leave_outcomes(bench: Bench, capsys: pytest.CaptureFixture[str]):
    bench.set_to(100)
    assert bench.run() == "native"
    assert capsys.readouterr().err == ""
    bench.set_to(0)
    assert bench.run() == "classic"
    assert capsys.readouterr().err == "answered by the classic engine of db: as db-engine says\n"
    assert [len(bench.outcomes.native), len(bench.outcomes.classic)] == [1, 1]
    assert bench.counted == {("classic", "TARGETING_MATCH")}


def test_classic_answers_where_native_fails(bench: Bench, capsys: pytest.CaptureFixture[str]):
    bench.set_to(100)
    assert bench.run(broken) == "classic"
    assert bench.counted == {("native", "TARGETING_MATCH"), ("classic", "FALLBACK")}
    note = capsys.readouterr().err
    assert "native failed (RuntimeError); the traceback is in" in note
    assert "secret" not in note
    assert "RuntimeError" in (bench.state / "boombap.log").read_text()
    assert [row.is_failure for row in bench.outcomes.native] == [True]
    assert [row.is_failure for row in bench.outcomes.classic] == [False]


def test_after_failures_in_a_row_native_is_not_tried_and_comes_back(bench: Bench, capsys: pytest.CaptureFixture[str]):
    bench.set_to(100)
    for _ in range(FAILURES):
        bench.run(broken)
    capsys.readouterr()
    assert bench.run() == "classic"
    assert bench.counted == {("classic", "FALLBACK")}
    assert "native is switched off (5 failures in a row)" in capsys.readouterr().err
    bench.wait()
    assert [bench.run(), bench.run()] == ["native", "native"]
    assert bench.counted == {("native", "TARGETING_MATCH")}
    assert not bench.outcomes.breaker.is_open


@pytest.mark.parametrize("error", [ExternalError("down"), UsageError("no"), Interrupted(2), BrokenPipeError()])
def test_an_error_on_purpose_is_not_a_failure_of_the_engine(bench: Bench, error: Exception):
    def stopped() -> str:
        raise error

    bench.set_to(100)
    with pytest.raises(type(error)):
        bench.run(stopped)
    assert bench.outcomes == Outcomes()


def test_what_may_not_fall_back_fails_with_its_own_error(bench: Bench):
    bench.set_to(100)
    for _ in range(FAILURES + 1):
        with pytest.raises(RuntimeError):
            bench.run(broken, may_fall_back=False)
    assert bench.outcomes.breaker.is_open
    assert bench.run(may_fall_back=False) == "native"


def test_an_engine_that_is_forced_is_not_replaced(bench: Bench):
    for _ in range(FAILURES + 1):
        with pytest.raises(RuntimeError):
            bench.run(broken, db_engine="native")
    assert bench.run(db_engine="native") == "native"
    assert bench.run(db_engine="classic") == "classic"


def test_where_both_fail_the_data_is_to_blame(bench: Bench):
    def also_broken() -> str:
        raise ValueError("of classic")

    bench.set_to(100)
    with pytest.raises(RuntimeError):
        bench.run(broken, also_broken)
    assert bench.outcomes == Outcomes()


def without(module: str) -> Callable[[], str]:
    def engine() -> str:
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    return engine


def test_a_classic_that_is_not_installed_is_named_with_its_extra(bench: Bench):
    bench.set_to(0)
    with pytest.raises(UsageError, match=r"redis is not installed.*boombap\[classic\]"):
        bench.run(classic=without("redis"))


def test_a_fallback_that_is_not_installed_shows_the_error_of_native(bench: Bench, capsys: pytest.CaptureFixture[str]):
    bench.set_to(100)
    with pytest.raises(RuntimeError):
        bench.run(broken, without("redis"))
    assert "boombap[classic]" in capsys.readouterr().err
    assert [row.is_failure for row in bench.outcomes.native] == [True]


def test_a_fault_outside_a_test_environment_is_refused(bench: Bench):
    with pytest.raises(ConfigError, match="outside a test environment; unset it, or mark"):
        bench.run(test_engine_fault="ctx:error")


def test_a_fault_breaks_its_own_tool_only(bench: Bench):
    assert bench.run(test="1", test_engine_fault="ctx:error") == "native"
    assert bench.run(test="1", test_engine_fault="db:error") == "classic"
    assert bench.counted == {("native", "DEFAULT"), ("classic", "FALLBACK")}


def test_a_slow_fault_makes_native_slow(bench: Bench):
    assert bench.run(test="1", test_engine_fault="db:slow") == "native"
    assert bench.outcomes.native[0].took_s >= 0.5


def test_a_state_folder_that_cannot_be_written_stops_nothing(bench: Bench, capsys: pytest.CaptureFixture[str]):
    bench.set_to(100)
    (bench.state / "engines").write_text("")
    assert bench.run() == "native"
    assert "cannot write" in capsys.readouterr().err


def test_torn_outcomes_are_named_once_and_stop_nothing(bench: Bench, capsys: pytest.CaptureFixture[str]):
    bench.set_to(100)
    bench.run()
    (bench.state / "engines" / f"{DB}.json").write_text("{")
    assert bench.run() == "native"
    assert capsys.readouterr().err.count("does not hold outcomes") == 1
    assert len(bench.outcomes.native) == 1


def test_an_open_breaker_without_a_reason_is_open(bench: Bench):
    bench.set_to(100)
    change(bench.state, DB, lambda kept: kept.replace(breaker=BreakerState(is_open=True, since_s=time.time())))
    assert bench.run() == "classic"


def test_classic_that_fails_is_an_outcome_and_is_not_said_to_have_answered(
    bench: Bench, capsys: pytest.CaptureFixture[str]
):
    bench.set_to(0)
    with pytest.raises(RuntimeError):
        bench.run(classic=broken)
    assert [row.is_failure for row in bench.outcomes.classic] == [True]
    assert capsys.readouterr().err == ""


def test_a_flag_that_cannot_be_read_says_so(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert bench.run(file=tmp_path / "gone.json") == "classic"
    assert "answered by the classic engine of db: db-engine cannot be read" in capsys.readouterr().err
    assert bench.counted == {("classic", "ERROR")}
