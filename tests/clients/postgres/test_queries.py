"""The query that fits a server's version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.queries import Queries

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("major", "expected"), [(0, "plain"), (12, "plain"), (13, "newer"), (17, "newer")])
def test_the_highest_version_up_to_the_servers_is_taken(tmp_path: Path, major: int, expected: str):
    folder = tmp_path / "health"
    folder.mkdir()
    (folder / "locks.sql").write_text("plain", encoding="utf-8")
    (folder / "locks.13.sql").write_text("newer", encoding="utf-8")
    assert Queries(tmp_path)("health/locks", major) == expected


def test_a_name_without_a_file_is_our_bug(tmp_path: Path):
    with pytest.raises(KeyError):
        Queries(tmp_path)("none")
