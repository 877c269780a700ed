from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from benchmarks.suite.environment import clean, of_engines
from benchmarks.suite.model import TOOLS, Setting
from benchmarks.suite.workloads import ctx, db, deps, metrics, redis, spotify

from benchmarks.suite import memory

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[3]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "benchmarks.suite", *words]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)


def written(folder: Path) -> dict:
    (file,) = folder.glob("*.json")
    return json.loads(file.read_text(encoding="utf-8"))


def test_some_tools_are_measured_and_the_rest_is_not(tmp_path: Path):
    done = run("--quick", "--runs", "1", "--tools", "deps", "metrics", "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    document = written(tmp_path)
    assert [case["tool"] for case in document["cases"]] == ["deps", "metrics"]
    assert all(case["differences"] == [] for case in document["cases"])
    assert document["operation"] is document["memory"] is None
    assert "small data (--quick)" in document["noise"]
    assert "deps audit: 50 packages, 500 made-up advisories, 1 runs of each in turn" in done.stdout
    assert "noisy    small data (--quick)" in done.stdout


@pytest.mark.slow
def test_all_six_tools_and_their_memory_are_measured(tmp_path: Path):
    done = run("--quick", "--runs", "1", "--output", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    document = written(tmp_path)
    assert list(dict.fromkeys(case["tool"] for case in document["cases"])) == list(TOOLS)
    assert document["operation"]["ours_p50_us"] > 0
    assert set(document["memory"]["parts_mb"]) >= {"metrics serve", "deps serve", "ctx mcp"}
    assert document["memory"]["peak_mb"] >= document["memory"]["resident_mb"] > 0


@pytest.mark.parametrize("words", [["--tools", "rust"], ["--runs", "0"], ["--runs", "x"]])
def test_a_wrong_word_is_an_error_of_usage(words: Sequence[str]):
    assert run(*words).returncode == 2


def test_the_settings_of_a_person_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("PYTHONDONTWRITEBYTECODE", "DATABASE_URL", "BOOMBAP_FLAG_DB_ENGINE"):
        monkeypatch.setenv(name, "1")
    environ = clean(tmp_path)
    assert not {"PYTHONDONTWRITEBYTECODE", "DATABASE_URL", "BOOMBAP_FLAG_DB_ENGINE"} & set(environ)
    assert {engine: made["BOOMBAP_FLAG_DB_ENGINE"] for engine, made in of_engines("db", environ).items()} == {
        "classic": "classic", "native": "native",
    }  # fmt: skip


def test_each_engine_answers_as_itself(tmp_path: Path):
    with deps.cases(Setting(tmp_path, is_quick=True)) as (case,):
        for engine, command in case.commands.items():
            environ = {**case.environs[engine]}
            done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
            assert json.loads(done.stdout)["engine"] == engine
            assert case.read(done.stdout) != []


@pytest.mark.parametrize(
    ("differ", "classic", "native"),
    [
        (db.differences, {"tracks": 1, "health": []}, {"tracks": 2, "health": []}),
        (db.differences, {"tracks": 1}, {}),
        (deps.differences, ["a", "b"], ["a"]),
        (deps.differences, ["a"], ["a", "b"]),
        (redis.differences, {"keys": 1}, {"keys": 2}),
        (metrics.differences, {"a": 1.0}, {"a": 2.0}),
        (metrics.differences, {}, {}),
        (spotify.differences, {"1": "x"}, {"1": "y"}),
        (spotify.differences, {"1": "x"}, {}),
        (spotify.differences, {}, {}),
    ],
)
def test_answers_that_differ_are_told(differ, classic, native):
    assert len(differ(classic, native)) == 1
    if classic:
        assert differ(classic, classic) == []


def test_native_may_fill_more_tracks():
    assert spotify.differences({"1": "x"}, {"1": "x", "2": "y"}) == []


def search(engine: str, *paths: str, is_complete: bool = True) -> dict:
    return {"engine": engine, "is_complete": is_complete, "hits": [{"path": path} for path in paths]}


@pytest.mark.parametrize(
    ("classic", "native", "expected"),
    [
        (search("classic", "a", "b"), search("native", "c", "a"), []),
        (search("classic", "a"), search("native", "c"), ["a, classic's first, is not among native's answers"]),
        (search("classic"), search("native"), ["classic found nothing"]),
        (search("classic", "a"), search("native", "a", is_complete=False), ["native could not search all files"]),
    ],
)
def test_the_first_file_of_classic_is_among_those_of_native(classic: dict, native: dict, expected: list[str]):
    assert ctx.differences(classic, native) == expected


def test_what_moves_does_not_count_as_a_difference():
    health = {"findings": [{"id": "duplicate_index", "severity": "warning", "subject": "x", "detail": "1"}]}
    more = {"findings": [*health["findings"], {"id": "bloat", "severity": "warning", "subject": "y"}]}
    classic = json.dumps({"tracks": {"total": 1}, "elapsed_ms": 2, "health": health})
    native = json.dumps({"tracks": {"total": 1}, "elapsed_ms": 1, "health": more})
    assert db.differences(db.read(classic), db.read(native)) == []
    assert db.differences(db.read(classic), db.read(json.dumps({"tracks": {"total": 1}}))) == ["health"]


def test_memory_of_a_process_that_has_ended_is_nothing():
    with subprocess.Popen([sys.executable, "-c", "pass"]) as run:
        run.wait()
    assert memory.pss_mb(run.pid) == 0
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as run:
        try:
            assert memory.pss_mb(run.pid) > 0
        finally:
            run.kill()
