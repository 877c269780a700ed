"""An alert from the collector through Prometheus to a real Alertmanager: it fires, and it resolves."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

import servers
from boombap.metrics.rules import lines
from boombap.server.answer import answer
from boombap.server.serve import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

pytestmark = pytest.mark.slow

_DEADLINE_S = 60.0


class Receiver:
    """A webhook on loopback that keeps what it is told: the status of each alert by its source."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        self.told += [
            (alert["status"], alert["labels"]["source"])
            for alert in body["alerts"]
            if alert["labels"]["alertname"] == "BoombapSourceDown"
        ]
        return answer(start, 200)


@contextmanager
def child(*words: str | Path, cwd: Path) -> Iterator[None]:
    """Run a server; what it wrote is shown when it ended by itself."""
    log = cwd / f"{Path(words[0]).name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(words, cwd=cwd, stdout=out, stderr=out)
    try:
        yield
    finally:
        assert process.poll() is None, log.read_text()
        process.terminate()
        process.wait(timeout=20)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + _DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, what
        time.sleep(0.2)


def alerts(url: str) -> list[Any]:
    """Return what the Alertmanager holds; nothing while it starts."""
    try:
        with urlopen(f"{url}/api/v2/alerts", timeout=5) as response:
            held: list[Any] = json.load(response)
            return held
    except OSError:
        return []


def prepare(folder: Path, collector: int, alertmanager: int, receiver: str) -> None:
    """Write the files of both servers; the rules are those of `metrics rules`, with nothing to wait for."""
    rules = [line.replace("for: 5m", "for: 0s") for line in lines()]
    (folder / "rules.yml").write_text("\n".join(rules) + "\n")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        "rule_files: [rules.yml]\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}\n"
        "scrape_configs:\n"
        f"- {{job_name: boombap, static_configs: [{{targets: ['127.0.0.1:{collector}']}}]}}\n"
    )
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: hook, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        f"receivers: [{{name: hook, webhook_configs: [{{url: '{receiver}', send_resolved: true}}]}}]\n"
    )


def test_a_source_that_is_down_is_told_and_its_return_too(start_boombap: Any, isolated: Path, tmp_path: Path) -> None:
    servers.require_prometheus()
    program = servers.require_alertmanager()
    receiver = Receiver()
    with servers.running_valkey(tmp_path) as valkey:
        environment = {"REDIS_URL": valkey.url, "BOOMBAP_METRICS_SOURCES": "redis"}
    collector = start_boombap("metrics", "serve", "--port", "0", **environment)
    port = int(collector.stderr.readline().split("127.0.0.1:")[1].partition("/")[0])
    manager, prometheus = servers.free_port(), servers.free_port()
    with running(receiver) as hook:
        prepare(isolated, port, manager, hook.url)
        listen = f"--web.listen-address=127.0.0.1:{manager}"
        words = ("--config.file=alertmanager.yml", "--storage.path=held", "--cluster.listen-address=", listen)
        server = ("--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", "--rules.alert.resend-delay=1s")
        address = f"--web.listen-address=127.0.0.1:{prometheus}"
        with (
            child(program, *words, cwd=isolated),
            child("prometheus", *server, address, cwd=isolated),
        ):
            until(lambda: ("firing", "redis") in receiver.told, "the alert never fired")
            (alert,) = [
                alert for alert in alerts(f"http://127.0.0.1:{manager}") if alert["labels"].get("source") == "redis"
            ]
            assert alert["labels"]["severity"] == "critical"
            assert alert["annotations"]["summary"] == "redis does not answer the collector"
            assert alert["annotations"]["runbook"].endswith("BoombapSourceDown")
            assert ("resolved", "redis") not in receiver.told
            with servers.running_valkey(tmp_path):
                until(lambda: ("resolved", "redis") in receiver.told, "the alert never resolved")
