"""`flags shadow` and the commands it compares: what is served, what is kept, and what never happens twice."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.command.context import RunContext
from boombap.config.model import Config, Paths
from boombap.flags.engine import run
from boombap.flags.settings import FlagSettings
from boombap.flags.shadow import journal
from boombap.interrupt import Interrupt
from boombap.output.terminal import Terminal
from boombap.telemetry.instruments import Meter
from ctx.repositories import repository

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from caches import Cache
    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]

CTX, DB = "ctx-engine", "db-engine"
FILES: dict[str, str | bytes] = {"pool.py": "class ConnectionPool:\n    def acquire(self): ...\n", "b.py": "b = 1\n"}


def state() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap"


def flags(boombap: Run, *words: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    done = boombap("flags", *words, **environment)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def status(boombap: Run, flag: str = CTX, code: int = 0) -> Any:
    return json.loads(flags(boombap, "shadow", "status", flag, "--format", "json", code=code).stdout)


def counts(found: dict[str, Any]) -> dict[str, int]:
    return {name: found[name] for name in journal.RESULTS if found[name]}


@pytest.fixture
def work(isolated: Path) -> Path:
    return repository(isolated, FILES)


def test_classic_is_served_and_native_compared(work: Path, boombap: Run):
    flags(boombap, "shadow", "start", CTX)
    done = boombap("ctx", "search", "acquire", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["engine"] == "classic"
    found = status(boombap)
    assert counts(found) == {"equal": 1}
    assert found["shadow"] == {"percent": 100.0, "deadline_s": 10.0}
    assert found["native_p50_s"] > 0
    text = (state() / "metrics" / "ctx.prom").read_text()
    assert 'boombap_flag_comparisons_total{flag="ctx-engine",result="equal"} 1' in text
    assert 'engine="native"' not in text


def test_a_native_that_fails_costs_nothing_but_a_note(work: Path, boombap: Run):
    flags(boombap, "shadow", "start", CTX)
    done = boombap("ctx", "search", "acquire", "--json", BOOMBAP_TEST="1", BOOMBAP_TEST_ENGINE_FAULT="ctx:error")
    assert done.returncode == 0
    assert [hit["path"] for hit in json.loads(done.stdout)["hits"]] == ["pool.py"]
    assert "native failed: RuntimeError: broken on purpose" in done.stderr
    found = status(boombap, code=1)
    assert counts(found) == {"failed": 1}
    kept = json.loads(Path(found["latest"][0]["file"]).read_text())
    assert kept["error"].startswith("Traceback")
    assert (kept["native"], kept["classic"]["engine"]) == (None, "classic")


def test_a_native_that_is_late_is_stopped(work: Path, boombap: Run):
    flags(boombap, "shadow", "start", CTX, "--deadline", "20ms")
    done = boombap("ctx", "search", "acquire", BOOMBAP_TEST="1", BOOMBAP_TEST_ENGINE_FAULT="ctx:slow")
    assert done.returncode == 0
    assert counts(status(boombap, code=1)) == {"late": 1}


def test_two_diagnoses_of_one_database_agree(boombap: Run, database: Database):
    flags(boombap, "shadow", "start", DB)
    done = boombap("db", "--format", "json", DATABASE_URL=database.url())
    assert json.loads(done.stdout)["engine"] == "classic", done.stderr
    assert counts(status(boombap, DB)) == {"equal": 1}


class Bench:
    """Runs two engines behind a flag with a shadow."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.meter = Meter()

    def run(self, native: Callable[[], Any], classic: Callable[[], Any], *, percent: float = 100, **more: Any) -> Any:
        flag = {
            "state": "ENABLED",
            "variants": {"native": "native", "classic": "classic"},
            "defaultVariant": "classic",
            "metadata": {"shadowPercent": percent, "shadowDeadlineSeconds": 5},
        }
        file = self.state / "flags.json"
        file.write_text(json.dumps({"flags": {DB: flag}}))
        config = Config(tools={FlagSettings: FlagSettings(file=file)}, paths=Paths(state=self.state))
        context = RunContext(Namespace(), config, Terminal(), Interrupt(), ExitStack(), self.meter)
        return run(context, DB, "rap", native, classic, may_fall_back=True, **more)

    def rows(self) -> list[journal.Comparison]:
        return journal.read(self.state, DB)[0]


@pytest.fixture
def bench(isolated: Path) -> Bench:
    return Bench(isolated)


def test_a_difference_is_a_file_with_both_answers(bench: Bench):
    assert bench.run(lambda: {"tracks": 6}, lambda: {"tracks": 5}) == {"tracks": 5}
    (row,) = bench.rows()
    assert row.result == "different"
    path = journal.folder_of(bench.state, DB) / row.file
    kept = json.loads(path.read_text())
    assert kept["differences"] == ["tracks: 5, native 6"]
    assert (kept["classic"], kept["native"], kept["key"]) == ({"tracks": 5}, {"tracks": 6}, "rap")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((bench.state / "shadow" / f"{DB}.jsonl").stat().st_mode) == 0o600


def test_a_share_of_the_runs_is_compared(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    draws = iter([0.05, 0.5, 0.0999, 0.1])
    monkeypatch.setattr(random, "random", lambda: next(draws))
    for _ in range(4):
        bench.run(lambda: 1, lambda: 1, percent=10)
    assert len(bench.rows()) == 2


def test_an_error_of_classic_is_not_compared(bench: Bench):
    with pytest.raises(ZeroDivisionError):
        bench.run(lambda: 1, lambda: 1 // 0)
    assert bench.rows() == []


def test_a_disk_that_takes_nothing_costs_the_comparison_only(bench: Bench, capsys: pytest.CaptureFixture[str]):
    (bench.state / "shadow").write_text("in the way")
    assert bench.run(lambda: 1, lambda: 2) == 2
    assert "the comparison of both engines is lost" in capsys.readouterr().err


def test_a_comparison_that_fails_costs_a_note_and_is_not_equal(bench: Bench, capsys: pytest.CaptureFixture[str]):
    def differ(_: object, __: object) -> list[str]:
        raise ValueError("odd")

    assert bench.run(lambda: 1, lambda: 2, differ=differ) == 2
    assert "the answers could not be compared: ValueError: odd" in capsys.readouterr().err
    assert [row.result for row in bench.rows()] == ["failed"]


def test_a_difference_counts_without_its_file(bench: Bench, capsys: pytest.CaptureFixture[str]):
    (bench.state / "shadow").mkdir()
    (bench.state / "shadow" / DB).write_text("in the way")
    assert bench.run(lambda: 1, lambda: 2) == 2
    assert "both answers are lost" in capsys.readouterr().err
    assert [(row.result, row.file) for row in bench.rows()] == [("different", "")]


def test_half_an_answer_is_not_left_on_a_full_disk(bench: Bench):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        bench.run(lambda: "x" * 50_000, lambda: "y" * 50_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(journal.folder_of(bench.state, DB).iterdir()) == []
    assert [row.result for row in bench.rows()] == ["different"]


def test_redis_and_deps_and_metrics_are_compared(boombap: Run, cache: Cache, isolated: Path):
    with cache.connection() as connection:
        connection.pipeline([("SET", f"lyrics:{number}", "x") for number in range(20)])
    for flag in ("redis-engine", "metrics-engine"):
        flags(boombap, "shadow", "start", flag)
    for action in ("info", "keys"):
        done = boombap("redis", action, REDIS_URL=cache.url)
        assert done.returncode in {0, 1, 3}, done.stderr
    assert counts(status(boombap, "redis-engine")) == {"equal": 2}
    boombap("metrics", "collect")
    assert counts(status(boombap, "metrics-engine")) == {"equal": 1}


def test_old_files_are_removed(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journal, "MAX_FILES", 3)
    for _ in range(5):
        bench.run(lambda: 1, lambda: 2)
    assert len(list(journal.folder_of(bench.state, DB).iterdir())) == 3
    assert len(bench.rows()) == 5


def test_a_large_answer_is_left_out_and_said_so(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journal, "MAX_FILE_BYTES", 2000)
    bench.run(lambda: "x" * 5000, lambda: "y" * 5000)
    (file,) = journal.folder_of(bench.state, DB).iterdir()
    kept = json.loads(file.read_text())
    assert kept["classic"] is None
    assert "the answers are left out" in kept["left_out"]


def test_a_journal_does_not_grow_without_end(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journal, "_MAX_JOURNAL", 500)
    for _ in range(40):
        journal.add(bench.state, DB, journal.Comparison(1.0, "rap", "equal", 0.1, 0.1))
    files = list((bench.state / "shadow").iterdir())
    assert len(files) == 2
    assert sum(file.stat().st_size for file in files) < 1500


def test_a_torn_line_is_counted_and_not_believed(bench: Bench):
    bench.run(lambda: 1, lambda: 1)
    with (bench.state / "shadow" / f"{DB}.jsonl").open("a") as file:
        file.write('{"at_s": 1}\n{"at_s": NaN, "key"\n[]\n')
    rows, unreadable = journal.read(bench.state, DB)
    assert (len(rows), unreadable) == (1, 3)


def test_a_journal_that_cannot_be_read_is_not_an_empty_one(boombap: Run):
    (state() / "shadow").mkdir(parents=True)
    (state() / "shadow" / f"{CTX}.jsonl").write_text("{}\n")
    shown = flags(boombap, "shadow", "status", CTX, code=4).stdout
    assert "1 lines of the journal cannot be read" in shown
    assert "nothing that can be read was compared" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["start", CTX, "--percent", "0"], "--percent 0 compares nothing"),
        (["start", CTX, "--percent", "101"], "not a percentage"),
        (["start", CTX, "--deadline", "0s"], "not a time above 0"),
        (["start", CTX, "--deadline", "2h"], "not a time above 0"),
        (["start", "no-such"], "is not a flag"),
        (["status", CTX, "--percent", "5"], "goes with `shadow start` only"),
        (["stop", CTX, "--format", "json"], "goes with `shadow status` only"),
    ],
)
def test_bad_input_changes_nothing(boombap: Run, words: list[str], sentence: str):
    assert sentence in flags(boombap, "shadow", *words, code=2).stderr
    assert not (state() / "flags").exists()


def test_a_flag_that_gives_nothing_to_classic_is_refused(boombap: Run):
    flags(boombap, "set", CTX, "--percent", "100")
    done = flags(boombap, "shadow", "start", CTX, code=2)
    assert "only answers of classic are compared" in done.stderr
    flags(boombap, "set", CTX, "--percent", "50")
    flags(boombap, "shadow", "start", CTX)


def test_a_shadow_keeps_the_share_and_a_share_the_shadow(boombap: Run):
    flags(boombap, "set", CTX, "--percent", "50")
    flags(boombap, "shadow", "start", CTX, "--percent", "12.5", "--deadline", "2s")
    flags(boombap, "set", CTX, "--percent", "25")
    assert status(boombap, code=4)["shadow"] == {"percent": 12.5, "deadline_s": 2.0}
    changes = json.loads(flags(boombap, "history", "--format", "json").stdout)["changes"]
    assert [(row["from"], row["to"], row["shadow"]) for row in changes] == [
        (None, 50, 0), (50, 50, 12.5), (50, 25, 12.5),
    ]  # fmt: skip
    assert "ended" in flags(boombap, "shadow", "stop", CTX).stdout
    assert "has no shadow" in flags(boombap, "shadow", "stop", CTX).stdout
    assert status(boombap, code=4)["shadow"] is None


@pytest.mark.parametrize("metadata", [{"shadowPercent": -1}, {"shadowPercent": "5"}, {"shadowPercent": True}, []])
def test_a_shadow_that_cannot_be_read_is_a_flag_that_cannot_be_read(boombap: Run, isolated: Path, metadata: object):
    flag = {"state": "ENABLED", "variants": {"native": 1, "classic": 2}, "defaultVariant": "native"}
    file = isolated / "flags.json"
    file.write_text(json.dumps({"flags": {CTX: {**flag, "metadata": metadata}}}))
    assert "shadowPercent" in flags(boombap, "list", code=3, BOOMBAP_FLAGS_FILE=str(file)).stderr or metadata == []


def test_without_comparisons_nothing_is_said_to_be_equal(boombap: Run):
    assert "nothing was compared yet" in flags(boombap, "shadow", "status", CTX, code=4).stdout
