"""Many databases in one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import servers
from boombap.clients.postgres.session import Limits
from boombap.clients.postgres.target import from_text
from boombap.db import fleet
from boombap.db.collect import Request
from boombap.db.fleet import Failure, Passed
from boombap.db.model import QUICK, Diagnosis
from boombap.errors import ConfigError, Interrupted
from boombap.interrupt import Interrupt
from databases import SETTINGS, Cluster, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from boombap.clients.postgres.target import Target
    from databases import Database

SECRET = "Tr0mpete-im-Keller"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "targets"


def test_targets_have_names_or_are_called_as_they_are(file: Path):
    file.write_text(
        "# comment\n\nmain postgresql://u@h/a\npostgresql://u@h:1/b\nhost=h dbname=c user=u\n  own\thost=h dbname=d\n",
        encoding="utf-8",
    )
    found = fleet.targets(file)
    assert [(one.name, one.database) for one in found] == [
        ("main", "a"),
        ("h:1/b", "b"),
        ("h:5432/c", "c"),
        ("own", "d"),
    ]
    assert found[0].origin == f"{file}:3"


@pytest.mark.parametrize("text", ["", "# nothing\n", f"postgresql://u:{SECRET}@[h/db", f"x {SECRET}"])
def test_a_file_without_readable_targets_is_refused(file: Path, text: str):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        fleet.targets(file)
    assert str(file) in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_missing_file_is_named(file: Path):
    with pytest.raises(ConfigError, match="No such file"):
        fleet.targets(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        fleet.targets(file)


def test_answers_come_in_the_order_of_the_targets(healthy: Database):
    bad = from_text(f"postgresql://u:{SECRET}@127.0.0.1:{servers.free_port()}/db", name="bad", origin="the test")
    told: list[int] = []
    targets = [healthy.target(), bad, *[healthy.target()] * 20]
    answers = fleet.diagnose_all(targets, Request(QUICK), Limits(), Interrupt(), told.append)
    assert [type(one) for one in answers] == [Diagnosis, Failure, *[Diagnosis] * 20]
    assert sorted(told) == list(range(1, 23))
    assert isinstance(answers[1], Failure)
    assert SECRET not in answers[1].reason


def test_an_interruption_is_not_a_failure_of_a_target(healthy: Database):
    interrupt = Interrupt()
    interrupt.set(2)
    with pytest.raises(Interrupted):
        fleet.diagnose_all([healthy.target()], Request(QUICK), Limits(), interrupt, lambda _: None)


def test_the_databases_of_a_server(healthy: Database, empty: Database):
    found, passed = fleet.databases(healthy.target(), Limits(), Interrupt())
    names = {one.name for one in found}
    assert {healthy.name, empty.name, "boombap"} <= names
    assert {"template0", "template1"} <= {one.name for one in passed}
    assert not {one.name for one in passed} & names


def test_a_database_that_is_gone_meanwhile_is_passed_over(healthy: Database):
    gone = healthy.target().at("dropped")
    down = from_text(f"postgresql://u@127.0.0.1:{servers.free_port()}/db", name="down", origin="the test")
    targets = [gone, down, healthy.target()]
    answers = fleet.diagnose_all(targets, Request(QUICK), Limits(), Interrupt(), lambda _: None, is_server=True)
    assert [type(one) for one in answers] == [Passed, Failure, Diagnosis]
    answers = fleet.diagnose_all(targets, Request(QUICK), Limits(), Interrupt(), lambda _: None)
    assert [type(one) for one in answers] == [Failure, Failure, Diagnosis]


def test_a_database_that_pg_hba_refuses_is_passed_over(cluster_folder: Callable[[], Path]):
    with servers.running_postgres(18, cluster_folder(), **SETTINGS) as running:
        database = Cluster(running).main
        database.run("CREATE DATABASE refused")
        (file,) = (Path(row["file"]) for row in database.run("SELECT current_setting('hba_file') AS file"))
        file.write_text("local refused all reject\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
        database.run("SELECT pg_reload_conf()")
        refused = database.target().at("refused")
        until(lambda: _is_refused(refused))
        (answer,) = fleet.diagnose_all([refused], Request(QUICK), Limits(), Interrupt(), lambda _: None, is_server=True)
    assert isinstance(answer, Passed)
    assert "does not allow" in answer.reason


def _is_refused(target: Target) -> bool:
    (answer,) = fleet.diagnose_all([target], Request(QUICK), Limits(), Interrupt(), lambda _: None)
    return isinstance(answer, Failure)
