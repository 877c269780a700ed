from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from benchmarks.suite.model import Memory, Ratio
from benchmarks.suite.results import write

from benchmarks.suite import charts, page
from suite_results import ORIGIN, all_tools, case, results

ROOT = Path(__file__).parents[3]
NEWER = replace(ORIGIN, date="2026-02-01T00:00:00+00:00", commit="def5678")


def render(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(ROOT / "benchmarks" / "page.py"), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_committed_page_is_that_of_the_committed_results():
    done = render("--check")
    assert done.returncode == 0, done.stderr


def test_the_page_is_written_and_checked(tmp_path: Path):
    places = ("--results", str(tmp_path / "results"), "--output", str(tmp_path))
    assert render("--check", *places).returncode == 1
    assert render(*places).returncode == 0
    assert render("--check", *places).returncode == 0
    write(all_tools(), tmp_path / "results")
    stale = render("--check", *places)
    assert stale.returncode == 1
    assert "index.html is not current" in stale.stderr


@pytest.mark.parametrize("every", [[], [all_tools()], [all_tools(), all_tools(origin=NEWER)], [results(memory=None)]])
def test_the_page_asks_nobody_for_anything_and_follows_the_scheme(every):
    text = page.html(every)
    assert not re.search(r"<script|<link|@import|url\(|\bsrc=|\bhref=", text)
    assert re.findall(r"https?://[^\"\s]+", text) == ["http://www.w3.org/2000/svg"] * text.count("<svg")
    assert "prefers-color-scheme: dark" in text
    for drawing in [*re.findall(r"<svg.*?</svg>", text, re.DOTALL), charts.overview(page.shown(every))]:
        ET.fromstring(drawing)


def test_every_colour_has_a_value_in_light_and_in_dark():
    text = page.html([all_tools(), all_tools(origin=NEWER)])
    used = set(re.findall(r"var\(--(\w+)\)", text))
    light, dark = re.search(r":root \{(.*?)\}.*?dark\) \{ :root \{(.*?)\}", text, re.DOTALL).groups()
    for scheme in (light, dark):
        assert used <= set(re.findall(r"--(\w+):", scheme))


def test_without_results_nothing_is_claimed():
    text = page.html([])
    assert text.count("<td>not measured</td><td>–</td>") == 6
    assert "No results are recorded yet" in text
    assert charts.overview(None).count("not measured") == 6


def test_a_noisy_run_is_marked_and_not_in_the_trend():
    noisy = all_tools(origin=replace(ORIGIN, load=3.0))
    text = page.html([noisy])
    assert "Noisy, not part of the trend: load 3.0 before it began." in text
    assert "No quiet run of the whole suite is recorded yet." in text
    quiet = all_tools(origin=NEWER)
    assert page.shown([quiet, noisy]) == quiet


def test_a_wrong_answer_is_in_red():
    text = page.html([results(case(differences=["tracks"]))])
    assert '<p class="bad">Answers of the engines differ: db: tracks.</p>' in text
    assert "<td>DIFFER</td>" in text


def test_what_the_tools_say_is_escaped():
    assert "<b>" not in page.html([results(case(note="<b>", data="<b>"), memory=Memory(1, 2, {"<b>": 1.0}))])


def test_a_target_that_is_out_of_sight_is_not_drawn():
    fast = charts.comparison(results(case("db", "db", 400, 200), operation=None))
    slow = charts.comparison(results(case("db", "db", 800, 600), operation=None))
    assert ("stroke-dasharray" in fast, "stroke-dasharray" in slow) == (False, True)
    assert "target 200–500 ms" in fast


def test_a_rate_is_drawn_as_a_rate():
    (pair, *_) = charts.pairs(results(case("spotify", "spotify batch", 10_000, 500, tracks=1_000)))
    assert (pair.classic, pair.ours, pair.unit, pair.times) == (100, 2_000, "tracks/s", 20)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Ratio(2, 1.9, 2.1), Ratio(3, 2.8, 3.2), "better"),
        (Ratio(3, 2.8, 3.2), Ratio(2, 1.9, 2.1), "worse"),
        (Ratio(2, 1.8, 2.3), Ratio(2.5, 2.2, 2.9), "within chance"),
        (Ratio(2, None, None), Ratio(3, 2.8, 3.2), "within chance"),
    ],
)
def test_a_change_counts_beyond_chance(before: Ratio, now: Ratio, expected: str):
    assert page.change(case(ratio=before), case(ratio=now)) == expected
    others = all_tools().cases[2:]
    runs = [
        all_tools(cases=[case(ratio=before), *others]),
        all_tools(cases=[case(ratio=now), *others], origin=NEWER),
    ]
    assert f"<td>{expected}</td></tr>\n<tr>" in page.html(runs)
