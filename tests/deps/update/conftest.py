"""A project to update, in the test's working folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deps.projects import RECORDS, SOME, Project
from deps.wheels import wheels

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, isolated: Path) -> Project:
    wheels(isolated / "wheels", *SOME)
    return Project(tmp_path, isolated, list(RECORDS))
