from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from boombap.batch.progress import Position, Progress, Rate, line
from boombap.output.terminal import Terminal
from clocks import Clock


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(stream: io.StringIO, *, quiet: bool = False) -> Terminal:
    return Terminal(io.StringIO(), stream, quiet=quiet)


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
    for n, wait in steps:
        clock.sleep(wait)
        rate.add(n)
        assert rate.per_s() >= 0
        assert len(rate._marks) <= 10 / 0.25 + 2


def test_the_end_is_told_from_the_rate():
    clock = Clock()
    with Progress("tracks", 100, terminal(Screen(), quiet=True), clock=clock) as progress:
        assert progress.position().left_s is None
        clock.sleep(1)
        progress.advance(20)
        assert progress.position() == Position(20, 100, 20, 4)
        progress.advance(80)
        assert progress.position().left_s == 0


def test_elsewhere_a_line_comes_every_ten_seconds():
    clock, log = Clock(), io.StringIO()
    with Progress("tracks", 3000, terminal(log), clock=clock, note=lambda: "hits 5 %") as progress:
        for _ in range(25):
            clock.sleep(1)
            progress.advance(100)
    assert log.getvalue().splitlines() == [
        "tracks: 1,000 of 3,000 (33 %), 100.0/s, 20 s left, hits 5 %",
        "tracks: 2,000 of 3,000 (67 %), 100.0/s, 10 s left, hits 5 %",
    ]


def test_a_wait_is_shown_too():
    clock, log = Clock(), io.StringIO()
    with Progress("tracks", None, terminal(log), clock=clock) as progress:
        clock.sleep(11)
        progress.refresh()
    assert log.getvalue() == "tracks: 0, 0.0/s\n"


def test_quiet_says_nothing():
    clock, screen = Clock(), Screen()
    with Progress("tracks", 10, terminal(screen, quiet=True), clock=clock) as progress:
        clock.sleep(60)
        progress.advance(5)
    assert screen.getvalue() == ""


def test_a_terminal_shows_a_bar():
    clock, screen = Clock(), Screen()
    with Progress("tracks", 10, terminal(screen), clock=clock) as progress:
        clock.sleep(1)
        progress.advance(5)
    assert "5 of 10 (50 %)" in screen.getvalue()
    assert "━" in screen.getvalue()


def test_a_note_ends_the_line_of_progress():
    clock, screen = Clock(), Screen()
    shown = terminal(screen)
    with Progress("tracks", 10, shown, clock=clock) as progress:
        clock.sleep(1)
        progress.advance(5)
        shown.note("half of it")
    assert screen.getvalue().endswith("\r\x1b[Khalf of it\n")


def test_work_that_counts_itself():
    progress = Progress("keys", None, terminal(io.StringIO()), clock=Clock())
    progress.reach(50, 200)
    progress.reach(40)
    assert (progress.done, progress.total) == (50, 200)
    progress.begin("records")
    progress.reach(7)
    assert (progress.what, progress.done, progress.total) == ("records", 7, None)


def test_threads_count_together():
    progress = Progress("keys", None, terminal(io.StringIO()))
    with ThreadPoolExecutor(8) as threads:
        for _ in range(8):
            threads.submit(lambda: [progress.advance() for _ in range(2_000)])
    assert progress.done == 16_000


def test_an_empty_run_has_no_share():
    assert line("tracks", Position(0, 0, 0.0, 0.0)) == "tracks: 0, 0.0/s"
