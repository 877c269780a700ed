"""What the collector asks of `deps`: the ages of its databases, and of the oldest verdict on an image."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from boombap.config.model import Config, Paths
from boombap.deps.probe import probe
from boombap.deps.settings import DepsSettings
from boombap.errors import ExternalError, NoVerdict
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, database
from deps.verdicts.images import recorded

if TYPE_CHECKING:
    from pathlib import Path


def figures(folder: Path, databases: str) -> dict[str, float]:
    settings = DepsSettings(database=folder / databases, verdicts=folder / "verdicts.db")
    config = Config(tools={DepsSettings: settings}, paths=Paths(data=folder))
    return {metric.name: value for metric, _, value in probe(config, Interrupt())}


def test_ages_of_databases_and_of_the_oldest_verdict(tmp_path: Path):
    place = recorded(tmp_path)
    place.rename(tmp_path / "verdicts.db")
    time.sleep(1.1)
    found = figures(tmp_path, "db")
    assert found["boombap_deps_advisories"] > 0
    assert 1 <= found["boombap_deps_verdict_oldest_age_seconds"] < 600
    assert found["boombap_deps_verdict_data_oldest_age_seconds"] >= 1


def test_without_a_verdict_its_age_is_0(tmp_path: Path):
    database(tmp_path, TRUTH)
    assert figures(tmp_path, "db")["boombap_deps_verdict_oldest_age_seconds"] == 0


def test_a_damaged_database_of_verdicts_is_a_source_that_is_down(tmp_path: Path):
    database(tmp_path, TRUTH)
    (tmp_path / "verdicts.db").write_bytes(b"no database" * 500)
    with pytest.raises(ExternalError):
        figures(tmp_path, "db")


def test_without_databases_there_is_nothing_to_say(tmp_path: Path):
    with pytest.raises(NoVerdict):
        figures(tmp_path, "none")
