"""Work in a process of its own: its answer, its errors, its end, and that nothing of it reaches the run."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NoReturn

import pytest

from boombap.errors import ExternalError, Interrupted
from boombap.flags.shadow import process
from boombap.flags.shadow.process import run_apart
from boombap.health.finding import Finding, Severity
from boombap.interrupt import Interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_S = 30.0


def ended(work: object, deadline_s: float = LONG_S) -> process.Ended:
    found = run_apart(work, deadline_s, Interrupt())  # type: ignore[arg-type]
    assert found
    return found


def sleeping(folder: Path) -> Callable[[], None]:
    def work() -> None:
        (folder / "pid").write_text(str(os.getpid()))
        time.sleep(LONG_S)

    return work


def test_the_answer_comes_back_as_it_was():
    finding = Finding("x", Severity.WARNING, "tracks", "…", MappingProxyType({"rows": 3}))
    assert ended(lambda: {"ä": finding, "all": b"\0" * 3_000_000}).answer == {"ä": finding, "all": b"\0" * 3_000_000}


def test_what_it_writes_and_changes_stays_there(capfd: pytest.CaptureFixture[str]):
    seen: list[int] = []

    def work() -> int:
        for standard in (1, 2):
            os.write(standard, b"twice")
        seen.append(1)
        return os.getpid()

    answer = ended(work).answer
    assert answer != os.getpid()
    assert not seen
    assert capfd.readouterr() == ("", "")


def test_an_error_that_is_raised_on_purpose_is_its_message():
    def work() -> NoReturn:
        raise ExternalError("no answer from postgresql://dj:geheim@db/rap")

    error = ended(work).error
    assert error.startswith("no answer from")
    assert "geheim" not in error


def test_a_bug_comes_with_its_traceback():
    error = ended(lambda: 1 / 0).error
    assert error.startswith("Traceback")
    assert "ZeroDivisionError: division by zero" in error


def test_an_answer_that_cannot_be_sent_is_an_error():
    assert "pickle" in ended(threading.Lock).error


def test_an_answer_that_is_too_large_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(process, "MAX_BYTES", 1000)
    assert "MiB" in ended(lambda: "x" * 2000).error


def test_a_crash_is_an_error_of_the_work():
    assert ended(lambda: os.kill(os.getpid(), signal.SIGKILL)).error == "it died without an answer"


def test_work_whose_time_is_over_is_ended(isolated: Path):
    started_s = time.monotonic()
    assert run_apart(sleeping(isolated), 0.3, Interrupt()) is None
    assert time.monotonic() - started_s < LONG_S / 3
    with pytest.raises(ProcessLookupError):
        os.kill(int((isolated / "pid").read_text()), 0)


def test_an_interrupt_ends_both(isolated: Path):
    interrupt = Interrupt()
    threading.Timer(0.3, interrupt.set, [signal.SIGTERM]).start()
    with pytest.raises(Interrupted):
        run_apart(sleeping(isolated), LONG_S, interrupt)
    with pytest.raises(ProcessLookupError):
        os.kill(int((isolated / "pid").read_text()), 0)


def test_it_leaves_no_descriptor_open():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        ended(lambda: 1)
        run_apart(lambda: time.sleep(1), 0.01, Interrupt())
    assert len(list(Path("/proc/self/fd").iterdir())) == before
