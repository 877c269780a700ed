"""The page as a file for node_exporter, and pushed to a Pushgateway."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from boombap.server.answer import answer
from boombap.server.serve import running
from metrics.test_page import values

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]


class Gateway:
    """A Pushgateway on loopback that answers with a status."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.taken: list[tuple[str, str, str]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        self.taken.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], body))
        return answer(start, self.status, b"what the gateway says")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"BOOMBAP_PATHS_STATE": str(tmp_path / "state"), "BOOMBAP_METRICS_SOURCES": "db"}


def test_a_file_for_node_exporter_is_whole_and_readable(
    boombap: Run, healthy: Database, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "boombap.prom"
    done = boombap("metrics", "collect", "--output", str(file), DATABASE_URL=healthy.url(), **environment)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert values(file.read_text())["boombap_db_tracks",] == 1000
    assert file.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.iterdir() if entry.suffix == ".new"] == []


def test_a_name_that_node_exporter_does_not_read_is_refused(
    boombap: Run, healthy: Database, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ("--output", str(tmp_path / "boombap.txt"))
    done = boombap("metrics", "collect", *words, DATABASE_URL=healthy.url(), **environment)
    assert done.returncode == 2
    assert "does not end with .prom" in done.stderr


def test_a_source_that_is_down_is_on_the_page_and_in_the_exit_code(boombap: Run, environment: dict[str, str]) -> None:
    done = boombap("metrics", "collect", DATABASE_URL="postgresql://127.0.0.1:1/x", **environment)
    assert done.returncode == 3
    assert values(done.stdout)["boombap_source_up", "db"] == 0
    assert "db did not answer" in done.stderr


@pytest.mark.parametrize(("status", "exit_code"), [(200, 0), (202, 0), (400, 3), (503, 3)])
def test_what_is_pushed_replaces_what_this_machine_pushed(
    boombap: Run, healthy: Database, environment: dict[str, str], status: int, exit_code: int
) -> None:
    gateway = Gateway(status)
    with running(gateway) as server:
        address = server.url.replace("://", "://user:s3cr3t@")
        done = boombap(
            "metrics", "collect", "--push", DATABASE_URL=healthy.url(), BOOMBAP_METRICS_GATEWAY=address, **environment
        )
    assert done.returncode == exit_code, done.stderr
    assert "s3cr3t" not in done.stdout + done.stderr
    ((method, path, body),) = gateway.taken
    assert (method, path) == ("PUT", f"/metrics/job/boombap/instance/{socket.gethostname()}")
    assert values(body)["boombap_db_tracks",] == 1000


@pytest.mark.parametrize("address", ["", "pushgateway:9091", "ftp://x"])
def test_a_gateway_that_is_none_is_named(
    boombap: Run, healthy: Database, environment: dict[str, str], address: str
) -> None:
    gateway = {"BOOMBAP_METRICS_GATEWAY": address} if address else {}
    done = boombap("metrics", "collect", "--push", DATABASE_URL=healthy.url(), **gateway, **environment)
    assert done.returncode == 2
    assert "metrics.gateway" in done.stderr
