"""deploy/argocd: the rules of Argo CD and of restricted pods hold, and the command of the hook gives its verdict."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from boombap.command.parse import parse
from boombap.deps.cli import TOOL
from boombap.deps.gate.policy import load
from deps.osv import TRUTH, database, record, scored

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

FOLDER = Path(__file__).parents[2] / "deploy" / "argocd"
HOOK = "argocd.argoproj.io/hook"
POLICY = "argocd.argoproj.io/hook-delete-policy"
CRITICAL = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
TEXT = {"type": "string", "minLength": 1}
QUANTITY = {"type": "string", "pattern": r"^\d+(m|Mi)$"}


def of(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """Return the schema of an object with these keys and no other: Kubernetes drops a misspelled one in silence."""
    properties = {**required, **optional}
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def listed(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1}


TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
CONTAINER = of(
    {
        "name": TEXT,
        "image": TEXT,
        "command": {"const": ["deps"]},
        "args": listed(TEXT),
        "env": listed(of({"name": TEXT, "value": {"type": "string"}})),
        "terminationMessagePolicy": {"const": "FallbackToLogsOnError"},
        "resources": of(
            {
                "requests": of({"cpu": QUANTITY, "memory": QUANTITY}),
                "limits": of({"memory": QUANTITY, "ephemeral-storage": QUANTITY}),
            }
        ),
        "securityContext": of(
            {
                "allowPrivilegeEscalation": {"const": False},
                "readOnlyRootFilesystem": {"const": True},
                "capabilities": of({"drop": {"const": ["ALL"]}}),
            }
        ),
        "volumeMounts": listed(of({"name": TEXT, "mountPath": TEXT}, subPath=TEXT, readOnly={"const": True})),
    }
)
POD = of(
    {
        "restartPolicy": {"const": "Never"},
        "automountServiceAccountToken": {"const": False},
        "enableServiceLinks": {"const": False},
        "securityContext": of(
            {
                "runAsNonRoot": {"const": True},
                **{key: {"type": "integer", "minimum": 1} for key in ("runAsUser", "runAsGroup", "fsGroup")},
                "seccompProfile": of({"type": {"const": "RuntimeDefault"}}),
            }
        ),
        "containers": {**listed(CONTAINER), "maxItems": 1},
        "volumes": listed(
            of(
                {"name": TEXT},
                configMap=of({"name": TEXT}),
                persistentVolumeClaim=of({"claimName": TEXT, "readOnly": {"const": True}}),
                emptyDir=of({"sizeLimit": QUANTITY}),
            )
        ),
    }
)
JOB = of(
    {
        "apiVersion": {"const": "batch/v1"},
        "kind": {"const": "Job"},
        "metadata": of(
            {
                "name": TEXT,
                "labels": TEXTS,
                "annotations": of({HOOK: {"const": "PreSync"}, POLICY: {"const": "BeforeHookCreation"}}),
            }
        ),
        "spec": of(
            {
                "backoffLimit": {"const": 0},
                "activeDeadlineSeconds": {"type": "integer", "minimum": 30, "maximum": 900},
                "template": of({"metadata": of({"labels": TEXTS}), "spec": POD}),
            }
        ),
    }
)
CONFIG_MAP = of(
    {"apiVersion": {"const": "v1"}, "kind": {"const": "ConfigMap"}, "metadata": of({"name": TEXT, "namespace": TEXT})},
    data=TEXTS,
)


def loaded(name: str) -> Any:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def faults(document: object, schema: dict[str, Any]) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in Draft202012Validator(schema).iter_errors(document)]


@pytest.fixture(scope="module")
def container() -> Any:
    return loaded("hook/presync-job.yaml")["spec"]["template"]["spec"]["containers"][0]


def test_the_job_has_the_form_of_a_hook_and_of_a_restricted_pod():
    assert faults(loaded("hook/presync-job.yaml"), JOB) == []


@pytest.mark.parametrize(
    "change",
    [
        {"backoffLimit": 3},
        {"activeDeadlineSeconds": None},
        {"ttlSecondsAfterFinished": 60},
        {"backOffLimit": 0},
    ],
)
def test_a_job_that_would_hang_a_sync_is_noticed(change: dict[str, Any]):
    job = loaded("hook/presync-job.yaml")
    job["spec"] |= change
    assert len(faults(job, JOB)) == 1


def test_every_mount_has_its_volume(container: Any):
    volumes = {volume["name"] for volume in loaded("hook/presync-job.yaml")["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert [mount["name"] for mount in container["volumeMounts"] if "readOnly" not in mount] == ["state"]


def test_the_files_of_the_job_are_there_before_it():
    kustomization = loaded("hook/kustomization.yaml")
    (generator,) = kustomization["configMapGenerator"]
    options = generator["options"]
    assert options["disableNameSuffixHash"] is True
    assert options["annotations"][HOOK] == "PreSync"
    assert int(options["annotations"]["argocd.argoproj.io/sync-wave"]) < 0
    for name in (*generator["files"], *kustomization["resources"]):
        assert (FOLDER / "hook" / name).is_file()
    job = loaded("hook/presync-job.yaml")
    (source,) = [v["configMap"]["name"] for v in job["spec"]["template"]["spec"]["volumes"] if "configMap" in v]
    assert source == generator["name"]
    (image,) = kustomization["images"]
    assert image["name"] == job["spec"]["template"]["spec"]["containers"][0]["image"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", image["digest"])


def test_the_policy_of_the_hook_blocks_critical_and_exploited_findings():
    policy = load(FOLDER / "hook" / "policy.toml", "production")
    assert (policy.severity, policy.kev, policy.is_enforced, policy.max_unaudited) == ("critical", True, True, 0)


@pytest.mark.parametrize(
    ("pin", "code"), [("fastapi==0.104.1", 0), ("flask==1.0", 1), ("flask", 4), ("# none", 4), ("idna==3.7", 0)]
)
def test_the_command_of_the_hook_gives_the_verdict(pin: str, code: int, container: Any, boombap: Run, tmp_path: Path):
    critical = record("PYSEC-9", "flask", {"introduced": "0"}, {"fixed": "2"}, severity=scored(CRITICAL))
    mounts = {"/databases": database(tmp_path, [*TRUTH, critical]), "/state": str(tmp_path / "state")}
    for mount in container["volumeMounts"]:
        if "subPath" in mount:
            place = tmp_path / mount["mountPath"].strip("/")
            place.parent.mkdir()
            place.write_bytes((FOLDER / "hook" / mount["subPath"]).read_bytes())
            mounts[mount["mountPath"]] = str(place)
    Path(mounts["/project/requirements.txt"]).write_text(f"{pin}\n")
    environment = {entry["name"]: mounts.get(entry["value"], entry["value"]) for entry in container["env"]}
    argv = [mounts.get(word, word) for word in container["args"]]
    assert parse(TOOL, argv, "deps")[0].name == "check"
    assert boombap(*container["command"], *argv, **environment).returncode == code


def test_without_a_database_the_hook_does_not_pass(container: Any, boombap: Run, tmp_path: Path):
    (tmp_path / "requirements.txt").write_text("idna==3.7\n")
    argv = [*container["command"], container["args"][0], str(tmp_path / "requirements.txt")]
    assert boombap(*argv, BOOMBAP_DEPS_DATABASE=str(tmp_path / "none")).returncode == 4


def test_the_example_of_a_lock_file_never_passes():
    """Who forgets to replace it gets no verdict, not a pass."""
    lines = (FOLDER / "hook" / "requirements.txt").read_text().splitlines()
    assert all(line.startswith("#") for line in lines)


def test_the_notification_posts_what_was_deployed_with_a_token_from_the_secret():
    config = loaded("notifications.yaml")
    assert faults(config, CONFIG_MAP) == []
    service = yaml.safe_load(config["data"]["service.webhook.boombap"])
    headers = {header["name"]: header["value"] for header in service["headers"]}
    assert service["url"].startswith("https://")
    assert headers == {"Authorization": "Bearer $boombap-hook-token", "Content-Type": "application/json"}
    webhook = yaml.safe_load(config["data"]["template.boombap-deployed"])["webhook"]["boombap"]
    assert (webhook["method"], webhook["path"]) == ("POST", "/hooks/argocd")
    values = {"name": "rap", "revision": "0" * 40, "images": ["app@sha256:1"]}
    field = r"{{ toJson \(?(?:default \S+ )?\.app[\w.]*\.(\w+)\)? }}"
    body = re.sub(field, lambda match: json.dumps(values[match[1]]), webhook["body"])
    assert json.loads(body) == {"app": "rap", "revision": "0" * 40, "images": ["app@sha256:1"]}


def test_the_trigger_sends_the_template_once_for_each_revision():
    data = loaded("notifications.yaml")["data"]
    (trigger,) = yaml.safe_load(data["trigger.on-boombap-deployed"])
    assert all(f"template.{name}" in data for name in trigger["send"])
    assert trigger["oncePer"].endswith("revision")


def test_no_manifest_holds_a_secret_or_an_image_without_digest():
    for path in FOLDER.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"(?i)kind: Secret\b|password|Bearer (?!\$)|:latest\b", text), path
            if path.suffix == ".toml":
                tomllib.loads(text)
