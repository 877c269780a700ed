"""Rules and dashboards: every name in them is of the catalogue, and Prometheus takes them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

import servers
from boombap.metrics.dashboard import BOARDS, boards
from boombap.metrics.expressions import read
from boombap.metrics.rules import ALERTS, RECORDINGS, lines
from boombap.telemetry.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

KNOWN = {metric.name for metric in CATALOGUE} | {f"{metric.name}_bucket" for metric in CATALOGUE if metric.buckets}
RECORDED = {recording.name for recording in RECORDINGS}
QUERIES = {
    **{recording.name: recording.expr for recording in RECORDINGS},
    **{alert.name: alert.expr for alert in ALERTS},
    **{f"{title}: {panel.title}": panel.expr for title, panels in BOARDS.values() for panel in panels},
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_what_is_exported(name: str) -> None:
    names = set(re.findall(r"[a-z_]*:?boombap[_:][\w:]+", QUERIES[name]))
    assert names
    assert names <= KNOWN | RECORDED
    assert "vector(0)" not in QUERIES[name], "emptiness is a fault to be seen"
    assert not re.search(r'le="\d+"', QUERIES[name]), "Prometheus 3 stores 1.0"


def test_the_rules_are_yaml_and_each_alert_has_a_page(boombap: Run) -> None:
    done = boombap("metrics", "rules")
    groups = yaml.safe_load(done.stdout)["groups"]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    assert [rule["alert"] for rule in alerts] == [alert.name for alert in ALERTS]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in alerts)


def test_every_alert_and_every_metric_is_described() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
    text = page.read_text(encoding="utf-8")
    assert [alert.name for alert in ALERTS if f"| {alert.name} |" not in text] == []
    names = {metric.name for metric in CATALOGUE}
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_promtool_takes_the_rules(tmp_path: Path) -> None:
    promtool = servers.require_prometheus("promtool")
    (tmp_path / "rules.yml").write_text("\n".join(lines()) + "\n")
    done = subprocess.run(
        [promtool, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_dashboards_are_printed_or_written(boombap: Run, isolated: Path) -> None:
    printed = json.loads(boombap("metrics", "dashboard").stdout)
    assert boombap("metrics", "dashboard", "--output", "made/boards").returncode == 0
    files = sorted((isolated / "made" / "boards").iterdir())
    assert [file.name for file in files] == sorted(f"boombap-{name}.json" for name in BOARDS)
    written = [json.loads(file.read_text()) for file in files]
    assert sorted(board["uid"] for board in printed) == sorted(board["uid"] for board in written)
    (isolated / "file").write_text("")
    assert boombap("metrics", "dashboard", "--output", "file/boards").returncode == 3


def test_panels_do_not_overlap() -> None:
    for board in boards().values():
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]  # type: ignore[index,attr-defined]
        assert len(set(places)) == len(places)
        assert all(x + 8 <= 24 for x, _ in places)


def test_the_rules_of_the_operator_are_made_as_the_page_says(boombap: Run, isolated: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "prometheus-and-grafana.md").read_text(encoding="utf-8")
    (script,) = (block for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "PrometheusRule" in block)
    (isolated / "rules.yml").write_text(boombap("metrics", "rules").stdout)
    subprocess.run(["sh", "-c", script.replace("boombap metrics rules", "cat rules.yml")], cwd=isolated, check=True)
    made = yaml.safe_load((isolated / "boombap-rules.yml").read_text())
    assert (made["kind"], made["metadata"]["name"]) == ("PrometheusRule", "boombap")
    assert made["spec"] == yaml.safe_load((isolated / "rules.yml").read_text())
    assert len(read(isolated / "boombap-rules.yml")) == len(RECORDINGS) + len(ALERTS)
    for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        assert yaml.safe_load(block)
