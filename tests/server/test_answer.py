from __future__ import annotations

import pytest

from boombap.server.answer import status_line
from server.wire import GET, PATIENT, Echo, ask, connect, serving


def test_an_answer_has_its_length_so_that_the_connection_stays_open():
    with serving(Echo(), PATIENT) as server, connect(server) as client:
        assert [ask(client, GET).headers["content-length"] for _ in range(2)] == ["7", "7"]


@pytest.mark.parametrize(("status", "line"), [(200, "200 OK"), (404, "404 Not Found"), (418, "418 I'm a Teapot")])
def test_a_status_has_its_reason(status: int, line: str):
    assert status_line(status) == line
