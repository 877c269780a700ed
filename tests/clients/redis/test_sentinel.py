"""Real Sentinels: the master is found, and found again after a failover."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import pytest

from boombap.clients.redis.connection import Limits
from boombap.clients.redis.deployment import opened
from boombap.clients.redis.sentinel import locate
from boombap.clients.redis.target import Target, from_text
from boombap.errors import NotFound, Unreachable
from boombap.interrupt import Interrupt
from boombap.local.process import poll
from caches import start_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache, Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with ExitStack() as stack:
        yield start_service(lambda: Path(mkdtemp(dir=tmp_path_factory.getbasetemp())), stack)


@pytest.mark.slow
def test_a_failover_is_followed(service: Service):
    ports = {service.master.tcp_port, service.replica.tcp_port}
    with opened(service.target, Interrupt()) as pool:
        before = pool.target.port
        assert before in ports
        pool.call("SET", "k", "v")
        pool.call("WAIT", 1, 1000)
        service.sentinels[0].call("SENTINEL", "FAILOVER", "cache")

        def has_moved() -> bool:
            return locate(service.target, Limits(), Interrupt()).port != before

        assert poll(_unless_unreachable(has_moved), 20.0)
        (after,) = ports - {before}
        # The old master ends its clients' connections when it becomes a replica.
        assert poll(lambda: pool.call("PING") == b"PONG" and pool.target.port == after, 20.0)
        assert pool.call("ROLE")[0] == b"master"
        assert pool.call("GET", "k") == b"v"


def _unless_unreachable(is_done):
    def look() -> bool:
        try:
            return is_done()
        except Unreachable:
            return False

    return look


def test_one_sentinel_is_enough(service: Service):
    target = service.target.replace(sentinels=(("127.0.0.1", 1), *service.target.sentinels))
    assert poll(_unless_unreachable(lambda: bool(locate(target, Limits(), Interrupt()).port)), 20.0)


def test_an_unknown_service(service: Service):
    with (
        pytest.raises(NotFound, match="knows no service other"),
        opened(service.target.replace(service="other"), Interrupt()),
    ):
        pass


def test_no_sentinel_answers():
    with pytest.raises(Unreachable, match="no Sentinel of 1 led to a master"):
        locate(from_text("redis+sentinel://127.0.0.1:1/cache", origin="the test"), Limits(), Interrupt())


def test_what_is_no_sentinel(cache: Cache):
    target = Target(host="", sentinels=(("127.0.0.1", cache.tcp_port),), service="cache", origin="the test")
    with pytest.raises(NotFound, match="is not a Sentinel"):
        locate(target, Limits(), Interrupt())
