"""An index is a file and a connection: none outlives its test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ctx.repositories import opened

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def closed_indexes() -> Iterator[None]:
    yield
    while opened:
        opened.pop().close()
