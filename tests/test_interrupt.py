"""One flag a run: who looks sees it, who waits wakes, and who waits in C is told."""

from __future__ import annotations

import signal
import threading

import pytest

from boombap.errors import Interrupted
from boombap.interrupt import Interrupt


def test_nothing_has_come() -> None:
    interrupt = Interrupt()
    interrupt.check()
    interrupt.sleep(0)
    assert not interrupt.is_set
    assert interrupt.signum == 0


def test_first_signal_counts() -> None:
    interrupt = Interrupt()
    interrupt.set(signal.SIGTERM)
    interrupt.set(signal.SIGINT)
    with pytest.raises(Interrupted) as caught:
        interrupt.check()
    assert caught.value.exit_code == 143


@pytest.mark.timeout(10)
def test_sleep_ends_with_the_signal() -> None:
    interrupt = Interrupt()
    threading.Timer(0.01, interrupt.set, [signal.SIGINT]).start()
    with pytest.raises(Interrupted):
        interrupt.sleep(60)


def test_enders_are_called_while_their_block_runs() -> None:
    interrupt, called = Interrupt(), []
    with interrupt.cancel_with(lambda: called.append("a")), interrupt.cancel_with(lambda: called.append("b")):
        interrupt.end_waits()
        interrupt.end_waits()
    interrupt.end_waits()
    assert sorted(called) == ["a", "a", "b", "b"]


def test_ender_may_end_its_own_block() -> None:
    interrupt, called = Interrupt(), []
    block = interrupt.cancel_with(lambda: (block.__exit__(None, None, None), called.append("a")))
    block.__enter__()
    interrupt.end_waits()
    interrupt.end_waits()
    assert called == ["a"]


def test_ender_goes_when_its_block_fails() -> None:
    interrupt, called = Interrupt(), []
    with pytest.raises(ValueError, match="broken"), interrupt.cancel_with(lambda: called.append("a")):
        raise ValueError("broken")
    interrupt.end_waits()
    assert called == []


def test_block_is_not_entered_after_the_signal() -> None:
    interrupt = Interrupt()
    interrupt.set(signal.SIGINT)
    with pytest.raises(Interrupted), interrupt.cancel_with(lambda: None):
        pytest.fail("entered")
