"""Every action behind Sentinels: the master is asked, whatever the address names."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

import pytest

from caches import start_service
from redis_actions import ask, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with ExitStack() as stack:
        yield start_service(lambda: Path(mkdtemp(dir=tmp_path_factory.getbasetemp())), stack)


def test_every_action(boombap: Any, service: Service):
    master, url = service.master, service.url
    place = f"127.0.0.1:{master.tcp_port}"
    master.call("SET", "artist:1", "x")
    master.call("XADD", "feed", "*", "a", "b")
    for action in ("slow", "clients", "latency", "hot"):
        assert [node["address"] for node in ask(boombap, master, action, url=url)["nodes"]] == [place]
        assert "service cache" in text_of(boombap, master, action, url=url)
    assert ask(boombap, master, "streams", url=url)["streams"][0]["node"] == place
    master.call("WAIT", 1, 5000)
    replica = service.replica.url
    found = ask(boombap, master, "diff", "--to", replica, url=url)
    assert (found["target"], found["compared"], found["same"]) == ("service cache", 2, 2)
    done = boombap("redis", "diff", "--to", master.url, REDIS_URL=url)
    assert done.returncode == 2
