from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the server logs from `warning` on."""
    log = logging.getLogger("boombap.server")  # whose package does not propagate
    log.addHandler(caplog.handler)
    yield caplog
    log.removeHandler(caplog.handler)
