"""`metrics verify`: every query of anybody's dashboards and rules, against an API that answers as Prometheus does."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from urllib.request import urlopen

import pytest

import servers
from boombap.errors import UsageError
from boombap.metrics.expressions import Query, names, read
from boombap.server.answer import answer
from boombap.server.serve import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

BOARD = {
    "title": "platform",
    "panels": [
        {"title": "row", "panels": [{"title": "up", "targets": [{"expr": 'up{job="$job"}'}, {"expr": " "}]}]},
        {"title": "typo", "targets": [{"expr": "rate(node_lod1[$__rate_interval])"}]},
        {"title": "bound", "targets": [{"expr": 'sum(rate(t_bucket{le="1"}[5m])) / sum(rate(t_count[5m]))'}]},
        {"title": "nothing", "targets": [{"expr": 'up{job="gone"}'}]},
        {"title": "broken", "targets": [{"expr": "sum(up"}]},
    ],
}
RULES = """
groups:
  - name: g
    rules:
      - {record: "a:b:c", expr: "sum(up)"}
      - {alert: Down, expr: 'up{job="gone"} == 0'}
"""
KNOWN = ["up", "node_load1", "t_bucket", "t_count"]


def prometheus(environ: Any, start: Any) -> list[bytes]:
    """Answer as Prometheus does: `up` of one job, a syntax error for an open bracket, a target without HTTP."""
    path, query = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"]).get("query", [""])[0]
    if path.endswith("/values"):
        data: object = KNOWN
    elif path.endswith("/targets"):
        error = 'Get "http://db:5432/metrics": net/http: HTTP/1.x transport connection broken: malformed HTTP response'
        down = {
            "health": "down",
            "lastError": error,
            "labels": {"job": "postgres"},
            "scrapeUrl": "http://db:5432/metrics",
        }
        data = {"activeTargets": [down, {"health": "up", "lastError": "", "labels": {"job": "x"}}]}
    elif query.count("(") != query.count(")"):
        return answer(start, 400, json.dumps({"status": "error", "error": "unclosed left parenthesis"}).encode())
    else:
        data = {"result": [] if "gone" in query else [{"metric": {}, "value": [0, "1"]}]}
    return answer(start, 200, json.dumps({"status": "success", "data": data}).encode())


def test_each_fault_is_told_once(boombap: Run, isolated: Path) -> None:
    (isolated / "board.json").write_text(json.dumps({"dashboard": BOARD}))
    (isolated / "rules.yml").write_text(RULES)
    with running(prometheus) as server:
        words = ("metrics", "verify", "--prometheus", f"{server.url}/", "board.json", "rules.yml")
        done = boombap(*words, "--format", "json")
        found = json.loads(done.stdout)
        assert (done.returncode, found["schema"], found["queries"]) == (1, "boombap.metrics.verify/1", 7)
        faults = {fault["place"].rpartition(" / ")[2]: (fault["kind"], fault["detail"]) for fault in found["faults"]}
        assert faults == {
            "typo": ("unknown", "nobody exports node_lod1, but node_load1"),
            "bound": ("bound", 'le="1" is "1.0" for Prometheus 3'),
            "nothing": ("empty", "no series answers it"),
            "broken": ("error", "unclosed left parenthesis"),
            "scrape job postgres": (
                "target",
                "http://db:5432/metrics does not answer in HTTP: is it the port of an exporter",
            ),
        }
        assert boombap(*words).stdout.endswith("5 faults in 7 queries\n")


def test_no_fault_is_exit_code_0(boombap: Run, isolated: Path) -> None:
    (isolated / "rules.yml").write_text(RULES)

    def healthy(environ: Any, start: Any) -> list[bytes]:
        if environ["PATH_INFO"].endswith("/targets"):
            return answer(start, 200, b'{"status": "success", "data": {"activeTargets": []}}')
        return prometheus(environ, start)

    with running(healthy) as server:
        done = boombap("metrics", "verify", "--prometheus", server.url, "rules.yml")
    assert (done.returncode, done.stdout) == (0, "no faults in 2 queries\n")


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"status": "error"}'])
def test_another_server_is_no_prometheus(boombap: Run, isolated: Path, body: bytes) -> None:
    (isolated / "rules.yml").write_text(RULES)
    with running(lambda _, start: answer(start, 200, body)) as server:
        done = boombap("metrics", "verify", "--prometheus", server.url, "rules.yml")
    assert done.returncode == 3
    assert "does not answer as Prometheus does" in done.stderr
    gone = boombap("metrics", "verify", "--prometheus", f"http://127.0.0.1:{servers.free_port()}", "rules.yml")
    assert gone.returncode == 3


@pytest.mark.parametrize(
    "text", ["", "{}", "[1, 2]", "a: [", "\x00", "groups: 7", '{"panels": [7, {"targets": 1}]}', "[" * 5000]
)
def test_what_holds_no_query_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "file").write_text(text)
    with pytest.raises(UsageError, match="file"):
        read(tmp_path / "file")


def test_configmaps_and_rule_objects_are_looked_into(tmp_path: Path) -> None:
    board, rules = json.dumps(BOARD), json.dumps(RULES)
    (tmp_path / "all.yml").write_text(
        f"kind: ConfigMap\ndata:\n  board.json: {json.dumps(board)}\n  rules.yaml: {rules}\n  note.txt: up\n---\n"
        "kind: PrometheusRule\nspec:\n  groups: [{name: g, rules: [{alert: X, expr: up == 0}]}]\n"
    )
    assert len(read(tmp_path / "all.yml")) == 5 + 2 + 1


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("up", {"up"}),
        ('sum by (job, le) (rate(x_bucket{le="1.0", job=~"a|b"}[5m]))', {"x_bucket"}),
        ("a / on(instance) group_left(version) b", {"a", "b"}),
        ("a offset 5m and b unless c or d", {"a", "b", "c", "d"}),
        ('label_replace(a, "x", "$1", "y", "(.*)")', {"a"}),
        ("job:x:ratio > bool 0.5", {"job:x:ratio"}),
        ("time() - a > 2 * 86400", {"a"}),
        ("histogram_quantile(0.95, sum(rate(x_bucket[5m])) by (le))", {"x_bucket"}),
        ('{__name__="up"}', set()),
        ("max_over_time(a[1h:5m] @ end())", {"a"}),
        ("a > Inf", {"a"}),
    ],
)
def test_the_metrics_of_a_query(expr: str, expected: set[str]) -> None:
    assert names(expr) == expected


def test_variables_of_grafana_are_filled_in() -> None:
    query = Query("f", "p", 'rate(a{job="$job", x=~"${x:regex}", y!="[[y]]"}[$__rate_interval])')
    assert query.asked == 'rate(a{job=~".*", x=~".*", y!=".*"}[5m])'


@contextmanager
def real_prometheus(folder: Path, port_of_metrics: int) -> Iterator[str]:
    port = servers.free_port()
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        f"- {{job_name: boombap, static_configs: [{{targets: ['127.0.0.1:{port_of_metrics}']}}]}}\n"
    )
    words = [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=tsdb",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    child = subprocess.Popen(words, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(timeout=20)


def test_a_real_prometheus_knows_what_is_on_the_page(boombap: Run, start_boombap: Any, isolated: Path) -> None:
    servers.require_prometheus()
    assert boombap("metrics", "rules").returncode == 0
    child = start_boombap("metrics", "serve", "--port", "0", BOOMBAP_METRICS_SOURCES="deps")
    port = int(child.stderr.readline().split("127.0.0.1:")[1].partition("/")[0])
    (isolated / "board.json").write_text(
        json.dumps({"panels": [{"targets": [{"expr": "boombap_source_up"}, {"expr": "boombap_build_info"}]}]})
    )
    with real_prometheus(isolated, port) as url:
        deadline_s = time.monotonic() + 30
        while time.monotonic() < deadline_s:
            time.sleep(0.5)
            done = boombap("metrics", "verify", "--prometheus", url, "board.json")
            if done.returncode == 0:
                break
        assert done.stdout == "no faults in 2 queries\n", done.stderr
        with urlopen(f"{url}/api/v1/query?query=boombap_source_up", timeout=10) as response:
            (series,) = json.load(response)["data"]["result"]
    assert (series["metric"]["source"], series["value"][1]) == ("deps", "0")
