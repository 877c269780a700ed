"""The compose file: Compose takes it, its commands are ours, and what it mounts and configures is there and works."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import chart_tools
import command_lines
import images
import servers
from boombap.cli.config import sections
from boombap.config import kinds
from boombap.local import valkey
from boombap.local.process import poll
from deploy.manifests import objects, pods, require

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = chart_tools.COMPOSE_FILE.parent
COMPOSE: dict[str, Any] = yaml.safe_load(chart_tools.COMPOSE_FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("localhost/")}
LASTING = {name for name, service in SERVICES.items() if "profiles" not in service}
each_of_ours = pytest.mark.parametrize("name", OURS)


def tool(name: str) -> str:
    return OURS[name]["image"].removeprefix("localhost/boombap-")


def test_compose_takes_the_file():
    require(chart_tools.COMPOSE)
    assert chart_tools.compose_fault() == ""


def test_a_mistake_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    require(chart_tools.COMPOSE)
    text = chart_tools.COMPOSE_FILE.read_text(encoding="utf-8").replace("mem_limit", "memory_limit", 1)
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(chart_tools, "COMPOSE_FILE", tmp_path / "compose.yaml")
    assert "memory_limit" in chart_tools.compose_fault()


def test_every_tool_is_a_service_and_so_is_what_it_needs():
    assert {tool(name) for name in OURS} == set(images.targets())
    assert {"postgres", "valkey", "metrics", "deps", "prometheus", "alertmanager", "grafana"} == LASTING


@pytest.mark.parametrize("name", sorted(LASTING))
def test_what_lasts_has_a_health_check_and_starts_again(name: str):
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_only_this_machine_reaches_a_port(name: str):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@each_of_ours
def test_a_container_is_as_restricted_as_a_pod(name: str):
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] == service["memswap_limit"]


@each_of_ours
def test_the_limits_are_those_of_the_chart(name: str):
    limits = {
        pod.owner.rpartition("rap-boombap-")[2]: container["resources"]["limits"]["memory"]
        for pod in pods(objects("everything"))
        for container in pod.containers
        if container["name"] != "application"
    }
    assert OURS[name]["mem_limit"] == limits[name].replace("Mi", "m")


@each_of_ours
def test_every_command_and_variable_is_known(name: str):
    keys = [key for section in sections() for key in section.keys]
    known = {variable for key in keys for variable in key.env}
    secret = {variable for key in keys if key.kind is kinds.SECRET for variable in key.env}
    environment = OURS[name].get("environment", {})
    for variable in environment:
        assert variable in known or variable.removesuffix("_FILE") in secret
    assert not secret & environment.keys()
    if "command" in OURS[name]:
        command_lines.check(tool(name), OURS[name]["command"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_mounted_file_and_secret_is_declared(name: str):
    for volume in SERVICES[name].get("volumes", []):
        source = volume.partition(":")[0]
        if source.startswith("./"):
            assert (FOLDER / source).exists(), source
        elif not source.startswith("$"):
            assert source in COMPOSE["volumes"]
    secrets = SERVICES[name].get("secrets", [])
    assert {*secrets} <= COMPOSE["secrets"].keys()
    assert {*re.findall(r"/run/secrets/([\w-]+)", str(SERVICES[name]))} == {*secrets}


def test_secrets_are_never_part_of_the_project():
    ignored = (FOLDER.parent / ".gitignore").read_text(encoding="utf-8").splitlines()
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./secrets/")
    assert "deploy/secrets/" in ignored


def test_every_image_is_of_a_version():
    for name, service in SERVICES.items():
        assert name in OURS or re.search(r":v?\d+\.", service["image"]), name


def test_prometheus_takes_its_configuration(tmp_path: Path):
    promtool = servers.require_prometheus("promtool")
    shutil.copy(chart_tools.CHART / "files" / "rules.yml", tmp_path)
    text = (FOLDER / "compose" / "prometheus.yml").read_text(encoding="utf-8")
    rules = SERVICES["prometheus"]["volumes"][1].split(":")[1]
    assert rules in text
    (tmp_path / "prometheus.yml").write_text(text.replace(rules, str(tmp_path / "rules.yml")), encoding="utf-8")
    command = [promtool, "check", "config", tmp_path / "prometheus.yml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_asks_the_services_and_grafana_asks_prometheus():
    config = yaml.safe_load((FOLDER / "compose" / "prometheus.yml").read_text(encoding="utf-8"))
    targets = [t for job in config["scrape_configs"] for s in job["static_configs"] for t in s["targets"]]
    targets += [t for a in config["alerting"]["alertmanagers"] for s in a["static_configs"] for t in s["targets"]]
    source = yaml.safe_load((FOLDER / "compose/grafana/datasources/prometheus.yml").read_text(encoding="utf-8"))
    targets.append(source["datasources"][0]["url"].removeprefix("http://"))
    for target in targets:
        name, port = target.split(":")
        assert f"127.0.0.1:{port}:{port}" in SERVICES[name]["ports"], target
    board = yaml.safe_load((FOLDER / "compose/grafana/dashboards/boombap.yml").read_text(encoding="utf-8"))
    assert any(f":{board['providers'][0]['options']['path']}:" in volume for volume in SERVICES["grafana"]["volumes"])


@pytest.mark.timeout(30)
def test_valkey_asks_for_the_password_of_the_secret(tmp_path: Path):
    """The very command of the file, on a real Valkey, with folders and a port of this test."""
    (tmp_path / "valkey-password").write_text("a secret-of 32 letters", encoding="utf-8")
    port = servers.free_port()
    shell, option, script = SERVICES["valkey"]["command"]
    script = script.replace("$$", "$").replace("/run/secrets", str(tmp_path)).replace("/data", str(tmp_path))
    script = script.replace("exec valkey-server", f"exec {valkey.bundled()}")
    script = script.replace("save 300 1", f"save 300 1\nport {port}\nbind 127.0.0.1")
    with subprocess.Popen([shell, option, script], stdout=subprocess.DEVNULL) as child:
        try:
            assert poll(lambda: "NOAUTH" in answer(port), 10)
            assert "PONG" in answer(port, 'AUTH "a secret-of 32 letters"')
        finally:
            child.terminate()
        # The signal must reach the server: what it has in memory is saved, and nothing stays behind.
        assert child.wait(timeout=10) == 0
    assert not answer(port)


def answer(port: int, first: str = "") -> str:
    """Return what the server says to a ping after a first line; empty while it does not listen."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(f"{first}\r\nPING\r\nQUIT\r\n".encode())
            return connection.makefile().read()
    except OSError:
        return ""
