from __future__ import annotations

import json
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from boombap.deps.notify import ledger as module
from boombap.deps.notify.ledger import FILE, ledger
from boombap.errors import ExternalError, RetryLater
from clocks import Clock

if TYPE_CHECKING:
    from pathlib import Path

A, B = "a" * 64, "b" * 64


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "boombap"


def test_a_set_is_known_to_the_address_that_got_it(state: Path):
    with ledger(state, Clock().sleep) as sent:
        assert sent.sent_at(A, B) == ""
        sent.add(A, B, "2026-11-27T00:00:00Z")
    with ledger(state, Clock().sleep) as sent:
        assert sent.sent_at(A, B) == "2026-11-27T00:00:00Z"
        assert sent.sent_at(B, A) == sent.sent_at(A, A) == ""


def test_only_the_owner_may_read_it(state: Path):
    with ledger(state, Clock().sleep) as sent:
        sent.add(A, B, "now")
    assert {stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()} == {0o600}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_the_oldest_sets_are_forgotten(state: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_SETS", 3)
    with ledger(state, Clock().sleep) as sent:
        for number in (0, 1, 2, 0, 3):
            sent.add(A, str(number), "now")
    with ledger(state, Clock().sleep) as sent:
        assert [bool(sent.sent_at(A, str(number))) for number in range(4)] == [True, False, True, True]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sent": [1]}', '{"sent": {"a": 1}}', "[" * 100_000, "\xff"])
def test_a_damaged_file_is_named_and_stays(content: str, state: Path):
    state.mkdir(parents=True)
    (state / FILE).write_bytes(content.encode("latin-1"))
    with pytest.raises(ExternalError, match=f"not sent: .*{FILE} is damaged; remove it"), ledger(state, Clock().sleep):
        pass
    assert (state / FILE).read_bytes() == content.encode("latin-1")


def test_a_state_folder_that_is_a_file(tmp_path: Path):
    (tmp_path / "state").write_text("")
    with (
        pytest.raises(ExternalError, match=r"was not sent: .*state/boombap cannot be written"),
        ledger(tmp_path / "state" / "boombap", Clock().sleep),
    ):
        pass


def test_what_a_killed_process_left_is_replaced(state: Path):
    state.mkdir(parents=True)
    part = (state / FILE).with_suffix(".part")
    part.write_text("half")
    part.chmod(0o644)
    with ledger(state, Clock().sleep) as sent:
        sent.add(A, B, "now")
    assert json.loads((state / FILE).read_text())["sent"] == {A: {B: "now"}}
    assert stat.S_IMODE((state / FILE).stat().st_mode) == 0o600


def test_a_record_that_cannot_be_written_is_not_silent(state: Path):
    with ledger(state, Clock().sleep) as sent:
        (state / FILE).with_suffix(".part").mkdir()
        with pytest.raises(ExternalError, match=r"was sent, but .* cannot be written: .*; a later run sends it again"):
            sent.add(A, B, "now")


def test_a_second_process_waits_and_then_gives_up(state: Path):
    clock = Clock()
    with (
        ledger(state, clock.sleep),
        pytest.raises(RetryLater, match="not sent: another process has been sending one for three minutes"),
        ledger(state, clock.sleep),
    ):
        pass
    assert sum(clock.slept) == pytest.approx(180.0, abs=0.1)


def test_of_two_at_once_one_sees_what_the_other_sent(state: Path):
    seen: list[str] = []
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        with ledger(state, threading.Event().wait) as sent:
            seen.append(sent.sent_at(A, B))
            sent.add(A, B, "now")

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == ["", "now", "now", "now"]
