"""The Helm chart: what each rendering must hold, whatever is turned on, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import chart_tools
import command_lines
from boombap import __version__
from boombap.cli.config import sections
from boombap.cli.extras import MODULES
from boombap.config import kinds
from boombap.deps.gate.policy import load
from deploy.manifests import (
    job_specs,
    mebibytes,
    objects,
    of_kind,
    pods,
    refusal,
    require,
    selects,
    text,
    title,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

VALUE_SETS = ["", *(path.stem for path in chart_tools.VALUE_SETS)]
SWITCHES = ("db", "redis", "spotify", "deps", "metrics", "networkPolicy")
ON_BY_DEFAULT = {
    *("CronJob", "Deployment", "Service", "ConfigMap", "NetworkPolicy", "ServiceAccount", "PersistentVolumeClaim"),
}
# What an API server refuses to change in an object that exists.
IMMUTABLE = {
    "Deployment": lambda manifest: manifest["spec"]["selector"],
    "Job": lambda manifest: manifest["spec"],
    "PersistentVolumeClaim": lambda manifest: manifest["spec"],
}
BACKFILL = "spotify.backfill.enabled=true"
VERSIONED = {"app.kubernetes.io/version", "helm.sh/chart", "app.kubernetes.io/managed-by"}
each_set = pytest.mark.parametrize("values", VALUE_SETS, ids=lambda name: name or "default")


@cache
def schema() -> dict[str, Any]:
    return json.loads((chart_tools.CHART / "values.schema.json").read_text(encoding="utf-8"))


def defaults() -> dict[str, Any]:
    return yaml.safe_load((chart_tools.CHART / "values.yaml").read_text(encoding="utf-8"))


def test_the_chart_has_the_version_of_the_package():
    chart = yaml.safe_load((chart_tools.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["appVersion"] == __version__
    assert chart["kubeVersion"] == f">={chart_tools.KUBERNETES[0]}-0"


def test_helm_finds_no_fault():
    require(chart_tools.HELM)
    assert chart_tools.lint() == []


@pytest.mark.parametrize(
    "values",
    [name if name in {"", "everything"} else pytest.param(name, marks=pytest.mark.slow) for name in VALUE_SETS],
)
def test_the_schemas_of_kubernetes_accept_it(values: str):
    require(chart_tools.VALIDATE)
    assert chart_tools.validate(text(values)) == []


@pytest.mark.parametrize("version", chart_tools.KUBERNETES)
def test_a_misspelled_field_is_noticed(version: str):
    require(chart_tools.VALIDATE)
    (fault,) = [
        f for f in chart_tools.validate(text().replace("concurrencyPolicy", "concurencyPolicy")) if version in f
    ]
    assert "concurencyPolicy" in fault


def test_a_misspelled_kind_is_a_fault_and_a_kind_of_others_is_named():
    require(chart_tools.VALIDATE)
    assert chart_tools.unchecked(text("everything")) == chart_tools.OTHERS
    assert chart_tools.validate(text().replace("kind: CronJob", "kind: CronJobb")) == [
        "Kubernetes has no kind CronJobb"
    ]


def test_a_fault_of_a_template_is_named(tmp_path: Path):
    require(chart_tools.HELM)
    shutil.copytree(chart_tools.CHART, tmp_path / "boombap")
    (tmp_path / "boombap" / "templates" / "bad.yaml").write_text("{{ .Values.none.here }}\n", encoding="utf-8")
    assert any("bad.yaml" in fault for fault in chart_tools.lint(tmp_path / "boombap"))
    assert "bad.yaml" in chart_tools.render_chart(chart=tmp_path / "boombap")[1]


def test_without_its_programs_a_check_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys):
    monkeypatch.setattr(chart_tools, "HELM", tmp_path / "helm")
    assert chart_tools.main(["check"]) == 2
    assert "helm not in the cache" in capsys.readouterr().err


def test_what_needs_a_definition_of_others_is_off_by_default():
    assert {manifest["kind"] for manifest in objects()} == ON_BY_DEFAULT
    assert {manifest["kind"] for manifest in objects("everything")} == {
        *ON_BY_DEFAULT,
        *("Job", "ServiceMonitor", "PrometheusRule", "ValidatingWebhookConfiguration"),
    }


@each_set
def test_every_container_is_restricted_and_limited(values: str):
    found = list(pods(objects(values)))
    assert found
    for pod in found:
        assert pod.spec["securityContext"]["runAsNonRoot"] is True
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert (pod.spec["enableServiceLinks"], pod.spec["automountServiceAccountToken"]) == (False, False)
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.spec.keys()
        assert all({"emptyDir", "configMap", "secret", "persistentVolumeClaim"} & v.keys() for v in pod.spec["volumes"])
        for container in pod.containers:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"memory", "ephemeral-storage"} <= container["resources"]["limits"].keys()


@each_set
def test_every_mount_has_its_volume_and_every_volume_its_mount(values: str):
    for pod in pods(objects(values)):
        mounts = [mount["name"] for container in pod.containers for mount in container["volumeMounts"]]
        assert set(mounts) == {volume["name"] for volume in pod.spec["volumes"]}, pod.owner


@each_set
def test_a_folder_that_is_full_stays_within_the_limit_of_its_pod(values: str):
    for pod in pods(objects(values)):
        limit = sum(mebibytes(c["resources"]["limits"]["ephemeral-storage"]) for c in pod.containers)
        sizes = {v["name"]: mebibytes(v["emptyDir"]["sizeLimit"]) for v in pod.spec["volumes"] if "emptyDir" in v}
        assert sizes.get("data", 0) <= limit, pod.owner
        if pod.owner.endswith("-ctx"):
            assert sizes["data"] >= 200, "an index has up to 200 MB of text"


def test_the_limits_are_those_of_the_plan():
    limits = {
        pod.owner: sum(mebibytes(c["resources"]["limits"]["memory"]) for c in pod.containers) for pod in pods(objects())
    }
    bulk = {"CronJob/rap-boombap-spotify": 48, "CronJob/rap-boombap-deps-sync": 32}
    assert bulk.items() <= limits.items()
    assert (sum(limits.values()) - sum(bulk.values())) * 1024**2 < 100_000_000


@each_set
def test_secrets_are_references(values: str):
    rendered = text(values)
    assert "kind: Secret\n" not in rendered
    assert not re.search(r"\w+://\w+:\w+@", rendered)
    secret = {name for section in sections() for key in section.keys if key.kind is kinds.SECRET for name in key.env}
    for manifest in of_kind(objects(values), "ConfigMap"):
        assert not secret & manifest["data"].keys()
    for pod in pods(objects(values)):
        for variable in (v for container in pod.containers for v in container.get("env", [])):
            assert variable["name"] not in secret or "secretKeyRef" in variable["valueFrom"], variable


def test_only_a_token_that_is_missing_keeps_a_pod_from_starting():
    found = {}
    for pod in pods(objects("everything")):
        for variable in (v for container in pod.containers for v in container.get("env", []) if "valueFrom" in v):
            found[variable["name"]] = variable["valueFrom"]["secretKeyRef"].get("optional", False)
    assert found == {
        **dict.fromkeys(("DATABASE_URL", "REDIS_URL", "SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET"), True),
        **dict.fromkeys(("BOOMBAP_DEPS_SERVE_TOKEN", "BOOMBAP_DEPS_HOOK_TOKEN", "BOOMBAP_METRICS_TOKEN"), False),
    }


@each_set
def test_every_command_and_variable_is_known(values: str):
    names = {name for section in sections() for key in section.keys for name in key.env}
    for pod in pods(objects(values)):
        for container in pod.containers:
            if container["name"] != "application":
                (tool,) = re.findall(r"/boombap-(\w+)[:@]", container["image"])
                command_lines.check(tool, container["args"])
                assert {variable["name"] for variable in container.get("env", [])} <= names


@pytest.mark.parametrize(("tool", "name"), [("db", "DATABASE_URL"), ("redis", "REDIS_URL"), ("spotify", "SPOTIFY_")])
def test_a_missing_secret_is_exit_code_2_with_its_name(tool: str, name: str, boombap: Run):
    (spec,) = [pod.spec for pod in pods(objects()) if pod.owner == f"CronJob/rap-boombap-{tool}"]
    done = boombap(tool, *spec["containers"][0]["args"])
    assert done.returncode == 2
    assert name in done.stderr


@each_set
def test_a_selector_has_no_version_and_finds_its_pods_only(values: str):
    manifests = objects(values)
    for manifest in of_kind(manifests, "Deployment"):
        selector = manifest["spec"]["selector"]["matchLabels"]
        assert not VERSIONED & selector.keys()
        assert [pod.owner for pod in pods(manifests) if selects(selector, pod.labels)] == [title(manifest)]
    for service in of_kind(manifests, "Service"):
        (pod,) = [pod for pod in pods(manifests) if selects(service["spec"]["selector"], pod.labels)]
        ports = {port["name"]: port["containerPort"] for port in pod.spec["containers"][0]["ports"]}
        assert {ports[port["targetPort"]] for port in service["spec"]["ports"]} == {
            port["port"] for port in service["spec"]["ports"]
        }


@each_set
def test_every_run_ends_and_knows_which_codes_are_final(values: str):
    manifests = objects(values)
    for name, spec in job_specs(manifests):
        assert spec["activeDeadlineSeconds"] > 0
        assert spec["template"]["spec"]["restartPolicy"] == "Never"
        ignore, fail = spec["podFailurePolicy"]["rules"]
        assert (ignore["action"], ignore["onPodConditions"][0]["type"]) == ("Ignore", "DisruptionTarget")
        answers_no = name.endswith(("-db", "-redis"))
        assert fail["onExitCodes"] == {"operator": "In", "values": [*([1] if answers_no else []), 2, 4, 70, 75]}
        assert fail["action"] == "FailJob"
    for manifest in of_kind(manifests, "CronJob"):
        assert manifest["spec"]["concurrencyPolicy"] == "Forbid"
        assert manifest["spec"]["startingDeadlineSeconds"] >= 10
        assert manifest["spec"]["timeZone"] == "Etc/UTC"
        assert len(manifest["metadata"]["name"]) <= 52


def test_every_pod_but_that_of_development_has_a_network_policy():
    manifests = objects("everything")
    policies = {title(p): p["spec"] for p in of_kind(manifests, "NetworkPolicy")}
    for pod in pods(manifests):
        found = [spec for spec in policies.values() if selects(spec["podSelector"]["matchLabels"], pod.labels)]
        assert len(found) == (0 if pod.owner.endswith("-ctx") else 1), pod.owner
        assert all(spec["policyTypes"] == ["Ingress", "Egress"] for spec in found)
    open_ports = {
        name: [p["port"] for rule in spec["ingress"] for p in rule["ports"]]
        for name, spec in policies.items()
        if "ingress" in spec
    }
    assert open_ports == {"NetworkPolicy/rap-boombap-deps": [8421], "NetworkPolicy/rap-boombap-metrics": [9464]}
    to = policies["NetworkPolicy/rap-boombap-db"]["egress"][1]
    assert to == {"ports": [{"port": 5432}], "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}


def test_an_indexed_job_shares_the_table_out():
    (job,) = of_kind(objects("", BACKFILL, "spotify.backfill.shards=7"), "Job")
    assert job["spec"]["completionMode"] == "Indexed"
    assert job["spec"]["completions"] == 7
    assert {"backoffLimitPerIndex", "maxFailedIndexes", "parallelism"} <= job["spec"].keys()
    assert job["spec"]["template"]["spec"]["containers"][0]["args"][-2:] == ["--shard", "/7"]


def test_a_new_version_changes_nothing_that_cannot_be_changed(tmp_path: Path):
    newer = tmp_path / "boombap"
    shutil.copytree(chart_tools.CHART, newer)
    chart = (newer / "Chart.yaml").read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^(version|appVersion): .*", r'\1: "9.9.9"', chart)
    (newer / "Chart.yaml").write_text(changed, encoding="utf-8")
    before = {title(manifest): manifest for manifest in objects("", BACKFILL)}
    after = {title(manifest): manifest for manifest in objects("", BACKFILL, chart=newer)}
    for name in before.keys() & after.keys():
        immutable = IMMUTABLE.get(name.partition("/")[0], lambda _: None)
        assert immutable(before[name]) == immutable(after[name]), name
    assert {name.partition("/")[0] for name in before.keys() ^ after.keys()} == {"Job"}
    assert after["Deployment/rap-boombap-metrics"]["metadata"]["labels"]["helm.sh/chart"] == "boombap-9.9.9"


def test_a_strategy_that_a_value_changes_is_written_out():
    """An API server refuses `Recreate` beside a `rollingUpdate` that is its own default."""
    strategies = [
        manifest["spec"]["strategy"]
        for values in ("", "services")
        for manifest in of_kind(objects(values), "Deployment")
        if manifest["metadata"]["name"].endswith("-deps")
    ]
    rolling = {"maxSurge": 1, "maxUnavailable": 0}
    assert strategies == [{"type": "Recreate"}, {"type": "RollingUpdate", "rollingUpdate": rolling}]


def test_another_setting_makes_other_pods_and_another_job():
    def parts(*sets: str) -> tuple[str, str]:
        manifests = objects("", BACKFILL, *sets)
        (job,), deployments = of_kind(manifests, "Job"), of_kind(manifests, "Deployment")
        return title(job), str([d["spec"]["template"]["metadata"]["annotations"] for d in deployments])

    assert parts() == parts("db.suspend=true")
    for before, after in zip(parts(), parts("settings.BOOMBAP_LOG_LEVEL=info"), strict=True):
        assert before != after


def test_the_webhook_asks_the_service_and_leaves_a_way_back():
    manifests = objects("everything")
    (configuration,) = of_kind(manifests, "ValidatingWebhookConfiguration")
    (webhook,) = configuration["webhooks"]
    service = webhook["clientConfig"]["service"]
    (found,) = [s for s in of_kind(manifests, "Service") if s["metadata"]["name"] == service["name"]]
    assert service["port"] == found["spec"]["ports"][0]["port"]
    (expression,) = webhook["namespaceSelector"]["matchExpressions"]
    assert (expression["operator"], set(expression["values"])) == ("NotIn", {"kube-system", "boombap"})
    (deps,) = [d for d in of_kind(manifests, "Deployment") if title(d).endswith("-deps")]
    container = deps["spec"]["template"]["spec"]["containers"][0]
    assert container["args"][-4:] == ["--cert", "/tls/tls.crt", "--key", "/tls/tls.key"]
    assert container["livenessProbe"]["httpGet"]["scheme"] == "HTTPS"


def test_cert_manager_writes_the_authority():
    (configuration,) = of_kind(objects("cert-manager"), "ValidatingWebhookConfiguration")
    assert configuration["metadata"]["annotations"] == {"cert-manager.io/inject-ca-from": "boombap/boombap-deps"}
    assert "caBundle" not in configuration["webhooks"][0]["clientConfig"]


def test_the_monitor_selects_the_service_and_sends_the_token():
    manifests = objects("everything")
    (monitor,) = of_kind(manifests, "ServiceMonitor")
    selector = monitor["spec"]["selector"]["matchLabels"]
    (service,) = [s for s in of_kind(manifests, "Service") if selects(selector, s["metadata"]["labels"])]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in [port["name"] for port in service["spec"]["ports"]]
    assert endpoint["scheme"] == "https"
    assert endpoint["authorization"]["credentials"] == {"name": "boombap-metrics", "key": "token"}


def test_rules_and_dashboards_are_those_of_metrics():
    (rule,) = of_kind(objects("everything"), "PrometheusRule")
    files = chart_tools.CHART / "files"
    assert rule["spec"] == yaml.safe_load((files / "rules.yml").read_text(encoding="utf-8"))
    (boards,) = [c for c in of_kind(objects("everything"), "ConfigMap") if title(c).endswith("-dashboards")]
    assert boards["data"] == {path.name: path.read_text(encoding="utf-8") for path in (files / "dashboards").iterdir()}
    assert sum(map(len, boards["data"].values())) < 1024**2


def test_no_dashboard_is_left_of_those_that_were_removed():
    from boombap.metrics.dashboard import boards

    names = {path.name for path in (chart_tools.CHART / "files" / "dashboards").iterdir()}
    assert names == {f"boombap-{name}.json" for name in boards()}


def test_the_sync_runs_where_the_claim_is():
    def affinity(values: str) -> bool:
        (spec,) = [pod.spec for pod in pods(objects(values)) if pod.owner.endswith("-deps-sync")]
        return "affinity" in spec

    assert affinity("")
    assert not affinity("cert-manager")


def test_verdicts_are_judged_after_the_sync():
    (spec,) = [pod.spec for pod in pods(objects("everything")) if pod.owner.endswith("-deps-sync")]
    assert [c["args"][0] for c in (*spec["initContainers"], *spec["containers"])] == ["sync", "verdict"]


def test_the_policy_blocks_what_its_comment_says(tmp_path: Path):
    path = tmp_path / "policy.toml"
    path.write_text(defaults()["deps"]["policy"], encoding="utf-8")
    policy = load(path)
    assert (policy.severity, policy.kev) == ("critical", True)


@pytest.mark.parametrize("tool", MODULES)
def test_an_image_is_named_by_tag_or_by_digest(tool: str):
    digest = f"sha256:{'a' * 64}"
    assert f"image: registry.example.org/boombap-{tool}:{__version__}\n" in text("", *ctx())
    assert f"image: here/rap-{tool}:v1\n" in text(
        "", *ctx(), "image.registry=here", "image.repository=rap", "image.tag=v1"
    )
    rendered = text("", *ctx(), f"image.digests.{tool}={digest}")
    assert f"boombap-{tool}@{digest}\n" in rendered
    assert f"boombap-{tool}:" not in rendered


def ctx() -> tuple[str, ...]:
    return ("ctx.enabled=true", "ctx.claim=code", "ctx.application.image=app")


@pytest.mark.parametrize(
    ("sets", "reason"),
    [
        (["nonsense=1"], "nonsense"),
        (["db.nonsense=1"], "nonsense"),
        (["settings.BOOMBAP_NONSENSE=1"], "BOOMBAP_NONSENSE"),
        (["settings.POSTGRES_PASSWORD=x"], "POSTGRES_PASSWORD"),
        (["settings.DATABASE_URL=x"], "DATABASE_URL"),
        (["image.digests.db=latest"], "/image/digests/db"),
        (["db.schedule=now"], "/db/schedule"),
        (["db.resources.limits.memory=20"], "/db/resources/limits/memory"),
        (["db.startingDeadlineSeconds=5"], "/db/startingDeadlineSeconds"),
        (["deps.admission.enabled=true"], "deps.admission needs deps.tls.secretName"),
        (["deps.admission.enabled=true", "deps.tls.secretName=t"], "needs one of caBundle and certManager"),
        (["deps.persistence.enabled=false"], "deps.sync needs deps.persistence"),
        (["ctx.enabled=true", "ctx.claim=c"], "ctx.application.image is the image"),
        (["ctx.enabled=true", "ctx.application.image=i"], "ctx.claim is the claim"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(sets: list[str], reason: str):
    assert reason in refusal(*sets)


def test_settings_are_those_of_the_configuration_that_are_not_secret():
    """After a new key of the configuration, its name goes into values.schema.json, under `settings`."""
    of_the_chart = {"SPOTIFY_CLIENT_ID", "BOOMBAP_DEPS_POLICY", "BOOMBAP_DEPS_WAIVERS", "BOOMBAP_METRICS_SOURCES"}
    of_kubernetes = {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"}
    names = {name for section in sections() for key in section.keys if key.kind is not kinds.SECRET for name in key.env}
    assert set(schema()["properties"]["settings"]["properties"]) == names - of_the_chart - of_kubernetes


def closed(part: Any, path: str = "") -> list[str]:
    """Return where a schema lets any value in."""
    if not isinstance(part, dict):
        return []
    found = [path] if part.get("type") == "object" and part.get("additionalProperties", True) is True else []
    return found + [fault for key, value in part.items() for fault in closed(value, f"{path}/{key}")]


def test_the_schema_is_closed_everywhere():
    assert closed(schema()) == ["/properties/global"]


def names(values: Any, part: dict[str, Any], path: str = "") -> list[str]:
    """Return what only one of the default values and their schema names."""
    part = schema()["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    if not isinstance(values, dict) or "properties" not in part:
        return []
    found = [f"{path}.{key}" for key in values.keys() ^ part["properties"].keys()]
    both = values.keys() & part["properties"].keys()
    return found + [fault for key in both for fault in names(values[key], part["properties"][key], f"{path}.{key}")]


def test_every_value_has_a_default_that_shows_it():
    found = {name for name in names(defaults(), schema()) if not name.startswith(".settings.")}
    assert {name for name in found if not name.endswith(".limits.cpu")} == {".global"}


@pytest.mark.parametrize("tool", SWITCHES[:-1])
@pytest.mark.parametrize("is_alone", [True, False], ids=["alone", "left out"])
def test_a_tool_is_turned_off_with_all_that_is_its_own(tool: str, is_alone: bool):
    sets = [f"{name}.enabled={str((name == tool) == is_alone).lower()}" for name in SWITCHES[:-1]]
    components = {m["metadata"]["labels"]["app.kubernetes.io/component"] for m in objects("", *sets)}
    own = {name for name in components if name.partition("-")[0] == tool}
    assert own if is_alone else not own
    if is_alone:
        assert components == own | {"all"}


@pytest.mark.slow
@pytest.mark.parametrize("switches", [*product([True, False], repeat=len(SWITCHES))], ids=str)
def test_every_combination_is_valid(switches: tuple[bool, ...]):
    require(chart_tools.VALIDATE)
    sets = [f"{name}.enabled={str(on).lower()}" for name, on in zip(SWITCHES, switches, strict=True)]
    assert chart_tools.validate(text("", *sets)) == []
