from __future__ import annotations

import io
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from boombap.batch.progress import Position, Progress, Rate, line
from clocks import Clock


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_rate_is_that_of_the_window():
    clock = Clock()
    rate = Rate(10, clock=clock)
    for _ in range(20):
        clock.sleep(1)
        rate.add(100)
    assert rate.per_s() == 100
    clock.sleep(10)
    assert rate.per_s() == 0


def test_there_is_no_rate_before_time_has_passed():
    rate = Rate(clock=Clock())
    rate.add(5)
    assert rate.per_s() == 0


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(0, 5)), max_size=200))
def test_the_rate_is_never_negative_and_memory_is_bounded(steps: list[tuple[int, float]]):
    clock = Clock()
    rate = Rate(10, clock=clock)
    for n, pause in steps:
        clock.sleep(pause)
        rate.add(n)
        assert rate.per_s() >= 0
        assert len(rate._marks) <= 10 / 0.25 + 2


def test_the_end_is_told_from_the_rate():
    clock = Clock()
    with Progress("tracks", 100, quiet=True, clock=clock) as progress:
        assert progress.position().left_s is None
        clock.sleep(1)
        progress.advance(20)
        assert progress.position() == Position(20, 100, 20, 4)
        progress.advance(80)
        assert progress.position().left_s == 0


def test_elsewhere_a_line_comes_every_ten_seconds():
    clock, log = Clock(), io.StringIO()
    with Progress("tracks", 3000, stream=log, clock=clock, note=lambda: "hits 5 %") as progress:
        for _ in range(25):
            clock.sleep(1)
            progress.advance(100)
    assert log.getvalue().splitlines() == [
        "tracks: 1,000 of 3,000 (33 %), 100.0/s, 20 s left, hits 5 %",
        "tracks: 2,000 of 3,000 (67 %), 100.0/s, 10 s left, hits 5 %",
    ]


def test_a_wait_is_shown_too():
    clock, log = Clock(), io.StringIO()
    with Progress("tracks", None, stream=log, clock=clock) as progress:
        clock.sleep(11)
        progress.refresh()
    assert log.getvalue() == "tracks: 0, 0.0/s\n"


def test_quiet_says_nothing():
    clock, screen = Clock(), Screen()
    with Progress("tracks", 10, stream=screen, quiet=True, clock=clock) as progress:
        clock.sleep(60)
        progress.advance(5)
    assert screen.getvalue() == ""


def test_a_terminal_shows_a_bar():
    clock, screen = Clock(), Screen()
    with Progress("tracks", 10, stream=screen, clock=clock) as progress:
        clock.sleep(1)
        progress.advance(5)
    assert "5 of 10 (50 %)" in screen.getvalue()
    assert "━" in screen.getvalue()


def test_without_a_terminal_rich_is_not_imported():
    code = (
        "import sys; from boombap.batch.progress import Progress\n"
        "with Progress('tracks', 10) as p: p.advance()\n"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.PIPE).returncode == 0


def test_an_empty_run_has_no_share():
    assert line("tracks", Position(0, 0, 0.0, 0.0)) == "tracks: 0, 0.0/s"
