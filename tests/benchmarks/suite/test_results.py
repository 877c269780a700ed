from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from benchmarks.suite.results import read_all, trend, write
from benchmarks.suite.targets import NOT_MEASURED, TARGETS, rows

from suite_results import ORIGIN, all_tools, case, results

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_written_is_what_is_read(tmp_path: Path):
    written = all_tools()
    file = write(written, tmp_path)
    assert file.name == "2026-01-02-abc1234.json"
    assert read_all(tmp_path) == [written]


def test_parts_that_were_not_measured_stay_away(tmp_path: Path):
    written = results(operation=None, memory=None)
    write(written, tmp_path)
    assert read_all(tmp_path) == [written]


def test_results_are_read_oldest_first(tmp_path: Path):
    newer = results(origin=replace(ORIGIN, date="2026-02-01T00:00:00+00:00"))
    for made in (newer, results()):
        write(made, tmp_path)
    assert read_all(tmp_path) == [results(), newer]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "boombap.benchmark/1"}'])
def test_a_file_of_another_form_is_named(tmp_path: Path, text: str):
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match=r"x\.json cannot be read as results"):
        read_all(tmp_path)


def test_a_file_of_another_schema_is_named(tmp_path: Path):
    (tmp_path / "x.json").write_text(json.dumps({"schema": "boombap.benchmark/9"}), encoding="utf-8")
    with pytest.raises(SystemExit, match=r"boombap\.benchmark/9, not boombap\.benchmark/1"):
        read_all(tmp_path)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (all_tools(origin=replace(ORIGIN, load=1.1)), "load 1.1 before it began"),
        (all_tools(origin=replace(ORIGIN, is_quick=True)), "small data (--quick)"),
        (all_tools(origin=replace(ORIGIN, is_changed=True)), "files changed since the commit"),
        (all_tools(cases=[*all_tools().cases, case(name="db --fast", spread=0.3)]), "times of db --fast far apart"),
        (all_tools(memory=None), "not measured: memory"),
        (all_tools(cases=all_tools().cases[3:]), "not measured: db, spotify"),
    ],
)
def test_a_noisy_run_says_why_and_leaves_the_trend(tmp_path: Path, made, reason: str):
    assert made.noise == [reason]
    assert trend([all_tools(), made]) == [all_tools()]
    assert json.loads(write(made, tmp_path).read_text(encoding="utf-8"))["noise"] == [reason]


def test_a_run_with_a_wrong_answer_leaves_the_trend():
    wrong = all_tools(cases=[*all_tools().cases, case(differences=["tracks"])])
    assert wrong.noise == []
    assert wrong.wrong == ["db: tracks"]
    assert trend([wrong]) == []


def test_the_rows_of_the_plan_are_met_or_not():
    measured = rows(all_tools())
    assert [row.measured for row in measured] == [
        "200 ms", "2,000 tracks/s", "80.0 ms", "90.0 ms", "0.050 ms", "94.4 MB",
    ]  # fmt: skip
    assert all(row.is_met for row in measured)
    slow = all_tools(cases=[case("db", "db", 400, 501), case("spotify", "spotify batch", 9, 1_001, tracks=1_000)])
    assert [row.is_met for row in rows(slow)] == [False, False, None, None, True, True]


def test_what_was_not_measured_is_not_met():
    for made in (None, results(case("metrics", "metrics collect"), operation=None, memory=None)):
        assert [(row.measured, row.is_met) for row in rows(made)] == [(NOT_MEASURED, None)] * len(TARGETS)
