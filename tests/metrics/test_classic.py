"""prometheus_client's own server, beside ours over the same page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from boombap.errors import ExternalError, Unreachable, UsageError
from boombap.metrics.app import application
from boombap.metrics.classic import running
from boombap.metrics.page import Page
from boombap.metrics.sources import Source
from boombap.server import serve
from boombap.telemetry import catalogue
from metrics.test_page import SIZE, fail, values

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = "boombap_source_seconds"
OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}


@pytest.fixture
def page(tmp_path: Path) -> Page:
    many = [(catalogue.DEPS_ADVISORIES, (name,), 7.0) for name in ("PyPI", "npm", 'odd "name"\n\\')]
    sources = (Source("db", lambda: SIZE), Source("deps", lambda: many), Source("redis", lambda: fail(OSError("gone"))))
    return Page(sources, tmp_path)


def scrape(url: str) -> dict[tuple[str, ...], float]:
    with urlopen(url + "/metrics", timeout=20) as response:
        found = values(response.read().decode())
    return {name: value for name, value in found.items() if name[0] != SECONDS}


def test_both_servers_serve_the_same_samples(page: Page) -> None:
    with running(page, 5.0) as url, serve.running(application(page, 5.0)) as server:
        classic, native = scrape(url), scrape(server.url)
    assert classic == native
    assert classic["boombap_db_size_bytes",] == 42.0
    assert (classic["boombap_source_up", "db"], classic["boombap_source_up", "redis"]) == (1.0, 0.0)


def test_every_scrape_asks_the_sources_and_nothing_else_does(tmp_path: Path) -> None:
    asked: list[int] = []
    counted = Page([Source("db", lambda: asked.append(1) or SIZE)], tmp_path)  # type: ignore[func-returns-value]
    with running(counted, 5.0) as url:
        assert asked == []
        scrape(url)
        scrape(url)
    assert asked == [1, 1]


def test_a_source_that_is_down_does_not_take_the_page_with_it(tmp_path: Path) -> None:
    with running(Page([Source("db", lambda: fail(Unreachable("down")))], tmp_path), 5.0) as url:
        assert scrape(url)["boombap_source_up", "db"] == 0.0


def test_openmetrics(page: Page) -> None:
    with running(page, 5.0) as url, urlopen(Request(url, headers=OPENMETRICS), timeout=20) as response:
        assert {family.name for family in parse_openmetrics(response.read().decode())} >= {"boombap_db_size_bytes"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1"])
def test_it_does_not_listen_to_others(page: Page, host: str) -> None:
    with pytest.raises(UsageError), running(page, 5.0, host=host):
        pass


def test_a_port_in_use_is_named_and_a_closed_one_is_free(page: Page) -> None:
    with running(page, 5.0) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(ExternalError, match=f"port {port}"), running(page, 5.0, port=port):
            pass
    with running(page, 5.0, port=port):
        pass
