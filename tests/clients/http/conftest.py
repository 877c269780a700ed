from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.clients.http.multi import Client
from boombap.interrupt import Interrupt
from fakes.certificates import make_authority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fakes.certificates import Pair


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """An authority that no system trusts."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(Interrupt(), connect_s=5.0) as made:
        yield made
