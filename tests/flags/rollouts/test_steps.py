"""A rollout from its start to its end, over processes that come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.errors import ExternalError, NotFound, RetryLater, UsageError
from boombap.flags.rollouts import file as rollout_file
from boombap.flags.rollouts.decision import Plan
from boombap.flags.rollouts.steps import Wheel, advance, start, stop
from boombap.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PLAN = Plan((10.0, 50.0, 100.0), min_runs=10)


class Run(Record):
    at_s: float
    took_s: float = 0.1
    is_failure: bool = False
    work: str = ""


class Site:
    """A flag, the runs behind it, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.path = rollout_file.path_of(folder, "db-engine")
        self.percent: float | None = None
        self.native: list[Run] = []
        self.now_s = 1000.0
        self.breaks = False

    def set_percent(self, percent: float) -> None:
        self.percent = percent

    def runs(self, since_s: float) -> tuple[Sequence[Run], Sequence[Run]]:
        if self.breaks:
            raise KeyboardInterrupt
        return [run for run in self.native if run.at_s >= since_s], []

    @property
    def wheel(self) -> Wheel:
        return Wheel(lambda: self.percent, self.set_percent, self.runs, lambda _: None, self.now_s)

    def run(self, count: int, *, failed: int = 0) -> None:
        self.now_s += 60
        self.native += [Run(self.now_s, is_failure=number < failed) for number in range(count)]
        self.now_s += 60

    def advance(self) -> tuple[str, str, float | None]:
        rollout, decision = advance(self.path, "db-engine", self.wheel)
        return decision.action if decision else "", rollout.state, self.percent


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_from_start_to_finish(site: Site) -> None:
    start(site.path, "db-engine", PLAN, site.wheel)
    assert site.percent == 10
    assert site.advance() == ("wait", "running", 10)
    site.run(10)
    assert site.advance() == ("advance", "running", 50)
    assert site.advance() == ("wait", "running", 50)
    site.run(10)
    assert site.advance() == ("advance", "running", 100)
    site.run(10)
    assert site.advance() == ("finish", "finished", 100)
    assert site.advance() == ("", "finished", 100)


def test_failures_send_it_back_at_once(site: Site) -> None:
    start(site.path, "db-engine", PLAN, site.wheel)
    site.run(2, failed=2)
    assert site.advance() == ("abort", "aborted", 0)
    site.run(100)
    assert site.advance() == ("", "aborted", 0)
    start(site.path, "db-engine", PLAN, site.wheel)
    assert site.advance() == ("wait", "running", 10)


def test_a_share_that_a_person_sets_ends_it(site: Site) -> None:
    start(site.path, "db-engine", PLAN, site.wheel)
    site.run(10)
    site.percent = 33
    assert site.advance() == ("", "stopped", 33)
    site.percent = 10
    assert site.advance() == ("", "stopped", 10)


def test_a_process_that_ends_after_it_has_set_the_flag(site: Site) -> None:
    start(site.path, "db-engine", PLAN, site.wheel)
    site.run(10)
    kept = site.path.read_bytes()
    assert site.advance() == ("advance", "running", 50)
    site.path.write_bytes(kept)
    assert site.advance() == ("wait", "running", 50)
    rollout = rollout_file.read(site.path)
    assert rollout is not None
    assert rollout.step == 1


def test_two_rollouts_of_one_flag_are_not_started(site: Site) -> None:
    start(site.path, "db-engine", PLAN, site.wheel)
    with pytest.raises(UsageError, match="is running, at 10 %"):
        start(site.path, "db-engine", PLAN, site.wheel)
    assert stop(site.path, "db-engine", site.wheel).state == "stopped"
    start(site.path, "db-engine", PLAN, site.wheel)


def test_a_rollout_that_never_was(site: Site) -> None:
    for step in (advance, stop):
        with pytest.raises(NotFound, match="there was no rollout of db-engine"):
            step(site.path, "db-engine", site.wheel)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"plan": {}, "steps": [1]}', "[" * 99_999, '{"plan": 1, "steps": 2}', "null"]
)
def test_a_file_that_is_not_a_rollout(site: Site, text: str) -> None:
    site.path.parent.mkdir(parents=True)
    site.path.write_text(text)
    with pytest.raises(ExternalError, match="does not hold a rollout"):
        site.advance()
    assert site.percent is None


def test_what_is_written_is_read(site: Site) -> None:
    rollout = start(site.path, "db-engine", PLAN.replace(max_slowdown=2.5), site.wheel)
    assert rollout_file.read(site.path) == rollout
    assert site.path.stat().st_mode & 0o777 == 0o600


def test_another_process_steps_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout_file, "_LOCK_S", 0.0)
    start(site.path, "db-engine", PLAN, site.wheel)
    with rollout_file.locked(site.path, lambda _: None), pytest.raises(RetryLater):
        site.advance()


def test_a_step_that_is_interrupted_changes_nothing(site: Site) -> None:
    start(site.path, "db-engine", PLAN, site.wheel)
    kept, site.breaks = site.path.read_bytes(), True
    with pytest.raises(KeyboardInterrupt):
        site.advance()
    assert (site.path.read_bytes(), site.percent) == (kept, 10)
