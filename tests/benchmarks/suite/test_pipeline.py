from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.suite.pipeline import Passage, Stage, faults, killed_faults

ROOT = Path(__file__).parents[3]
ROWS = {"1": "a", "2": "b"}
NATIVE = Passage("native", 2, ROWS, 3, 2, 2, 2.0, (Stage("fill", 0.5, 30.0), Stage("page", 0.5, 20.0)))
CLASSIC = replace(NATIVE, engine="classic", rows={"1": "a"}, cached=0, covered=1, shown=1.0)
KILLED = replace(NATIVE, engine="native, killed once", requests=1)


@pytest.mark.slow
def test_both_engines_take_the_tracks_through_all_stages_and_a_kill_loses_nothing():
    script = ROOT / "benchmarks" / "benchmark_ml_pipeline.py"
    argv = [sys.executable, str(script), "--tracks", "300", "--latency-ms", "20", "--kill"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = {line[:22].strip(): line[22:].split() for line in done.stdout.splitlines()}
    assert lines["native"][1] == lines["native, killed once"][1] == lines["native"][3] == "300"
    assert 0 < int(lines["classic"][1]) < 300
    assert 0 < int(lines["native, killed once"][2]) < int(lines["native"][2])


def test_a_run_is_as_fast_as_its_stages_and_as_large_as_the_largest():
    assert (NATIVE.tracks_per_s, NATIVE.peak_mb) == (2.0, 30.0)


def test_what_is_right_has_no_fault():
    assert faults(CLASSIC, NATIVE) == []
    assert killed_faults(NATIVE, KILLED) == []


@pytest.mark.parametrize(
    ("native", "fault"),
    [
        (replace(NATIVE, rows={"1": "x", "2": "b"}), "rows differ: track 1: a, native x"),
        (replace(NATIVE, cached=1), "native: 1 tracks in the cache of 2"),
        (replace(NATIVE, rows={"1": "a"}, covered=1, shown=1.0), "native: 1 rows of 2"),
        (replace(NATIVE, covered=1), "native: 2 rows were filled, the database tool counts 1"),
        (replace(NATIVE, shown=1.0), "native: 2 rows were filled, the metrics page has 1.0"),
        (replace(NATIVE, shown=None), "native: 2 rows were filled, the metrics page has None"),
    ],
)
def test_a_stage_that_does_not_agree_is_named(native: Passage, fault: str):
    assert faults(CLASSIC, native) == [fault]


def test_classic_must_agree_with_its_own_rows():
    assert faults(replace(CLASSIC, covered=2), NATIVE) == [
        "classic: 1 rows were filled, the database tool counts 2",
    ]
    assert "rows differ: classic filled no track" in faults(replace(CLASSIC, rows={}), NATIVE)


@pytest.mark.parametrize(
    ("killed", "fault"),
    [
        (replace(KILLED, rows={"1": "a", "2": "x"}), "the rows are not those of a run in one piece"),
        (replace(KILLED, requests=3), "3 requests after the kill, 3 in one piece"),
        (replace(KILLED, cached=1), "1 tracks in the cache of 2"),
    ],
)
def test_what_a_kill_broke_is_named(killed: Passage, fault: str):
    assert killed_faults(NATIVE, killed) == [f"native, killed once: {fault}"]
