"""The Helm chart in a real API server, in a namespace with the strictest Pod Security: `make kube-test` runs this."""

from __future__ import annotations

import copy
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import chart_tools
from api_server import IS_REQUIRED, TOKEN, ApiServer, api_server, needs, path_of
from deploy.manifests import Manifest, objects, of_kind, placed, pods, require, title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, needs("etcd", "kube-apiserver")]
WITHOUT_OPERATOR = ("metrics.serviceMonitor.enabled=false", "metrics.rules.enabled=false")
"""The Prometheus Operator defines two kinds, which this server does not have."""
VALUE_SETS = {
    values: WITHOUT_OPERATOR if values == "everything" else ()
    for values in ("", *(path.stem for path in chart_tools.VALUE_SETS))
}
each_set = pytest.mark.parametrize("values", VALUE_SETS, ids=lambda name: name or "default")
# Values of a release that are changed in its life, one kind of field each.
CHANGES = (
    "image.tag=9.9.9",
    "settings.BOOMBAP_LOG_LEVEL=info",
    "db.schedule=1 2 * * *",
    "db.suspend=true",
    "timeZone=Europe/Berlin",
    "metrics.resources.limits.memory=48Mi",
    "spotify.backfill.shards=7",
    "spotify.backfill.parallelism=3",
    "deps.tls.secretName=other",
    "deps.environment=staging",
    "serviceAccount.create=false",
    "networkPolicy.redisPort=6380",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server without controllers."""
    with api_server(tmp_path_factory.mktemp("kube"), has_accounts=True) as found:
        yield found


@pytest.fixture
def namespace(server: ApiServer) -> Iterator[str]:
    """A restricted namespace of the test's own."""
    name = server.restricted_namespace()
    server.warnings.clear()
    yield name
    for hook in server.every("ValidatingWebhookConfiguration"):
        server.call("DELETE", f"{path_of('ValidatingWebhookConfiguration')}/{hook['metadata']['name']}")


def made_pods(values: str, namespace: str) -> Iterator[Manifest]:
    """Yield a pod of each template of a rendering."""
    for number, found in enumerate(pods(objects(values, *VALUE_SETS[values]))):
        metadata = {"name": f"pod-{number}", "namespace": namespace, "labels": found.labels}
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": copy.deepcopy(found.spec)}


def lost(rendered: Any, stored: Any, path: str = "") -> list[str]:
    """Return where a stored object is not as it was rendered; what the server has added does not count."""
    if isinstance(rendered, dict) and isinstance(stored, dict):
        return [fault for key in rendered for fault in lost(rendered[key], stored.get(key), f"{path}.{key}")]
    if isinstance(rendered, list) and isinstance(stored, list) and len(rendered) == len(stored):
        return [
            fault for i, pair in enumerate(zip(rendered, stored, strict=True)) for fault in lost(*pair, f"{path}[{i}]")
        ]
    return [] if rendered == stored else [f"{path}: {rendered!r} became {stored!r}"]


@each_set
def test_every_object_is_accepted_and_stored_as_rendered(server: ApiServer, namespace: str, values: str):
    rendered = objects(values, *VALUE_SETS[values])
    for manifest in rendered:
        server.admit(placed(manifest, namespace))
        path = f"{path_of(manifest['kind'], namespace)}/{manifest['metadata']['name']}"
        assert lost(manifest, server.call("GET", path)[1]) == [], title(manifest)
    assert server.warnings == []
    assert {"Deployment", "CronJob", "ConfigMap"} & {manifest["kind"] for manifest in rendered}


@each_set
def test_a_pod_of_each_template_is_admitted_as_restricted(server: ApiServer, namespace: str, values: str):
    for account in of_kind(objects(values, *VALUE_SETS[values]), "ServiceAccount"):
        server.admit(placed(account, namespace))
    found = [server.admit(pod) for pod in made_pods(values, namespace)]
    assert found
    assert not [volume for pod in found for volume in pod["spec"]["volumes"] if "projected" in volume]


def _privileged(pod: Manifest, container: Manifest) -> None:
    container["securityContext"] = {**container["securityContext"], "privileged": True}
    del container["securityContext"]["allowPrivilegeEscalation"]


def _as_root(pod: Manifest, container: Manifest) -> None:
    pod["spec"]["securityContext"]["runAsNonRoot"] = False


def _unconfined(pod: Manifest, container: Manifest) -> None:
    del pod["spec"]["securityContext"]["seccompProfile"]


def _with_capabilities(pod: Manifest, container: Manifest) -> None:
    del container["securityContext"]["capabilities"]


def _on_the_host(pod: Manifest, container: Manifest) -> None:
    pod["spec"]["volumes"].append({"name": "host", "hostPath": {"path": "/"}})


@pytest.mark.parametrize("spoil", [_privileged, _as_root, _unconfined, _with_capabilities, _on_the_host])
def test_a_pod_that_asks_for_more_is_refused(
    server: ApiServer, namespace: str, spoil: Callable[[Manifest, Manifest], None]
):
    for account in of_kind(objects(), "ServiceAccount"):
        server.admit(placed(account, namespace))
    pod = next(made_pods("", namespace))
    spoil(pod, pod["spec"]["containers"][0])
    status, answer = server.create(pod)
    assert status == 403, answer["message"]
    assert 'violates PodSecurity "restricted:latest"' in answer["message"]


def test_a_deployment_that_asks_for_more_is_warned_of(server: ApiServer, namespace: str):
    manifest = copy.deepcopy(of_kind(objects(), "Deployment")[0])
    template = manifest["spec"]["template"]
    _unconfined(template, template["spec"]["containers"][0])
    server.admit(placed(manifest, namespace))
    (warning,) = server.warnings
    assert "would violate PodSecurity" in warning


def test_a_pod_without_its_account_and_a_misspelled_field_are_refused(server: ApiServer, namespace: str):
    status, answer = server.create(next(made_pods("", namespace)))
    assert (status, "rap-boombap" in answer["message"]) == (403, True), answer["message"]
    (job, *_) = of_kind(objects(), "CronJob")
    status, answer = server.create(placed({**job, "spec": {**job["spec"], "concurencyPolicy": "Forbid"}}, namespace))
    assert (status, "concurencyPolicy" in answer["message"]) == (400, True), answer["message"]


class Helm:
    """helm for a release of the chart in a namespace of the server."""

    def __init__(self, server: ApiServer, namespace: str, home: Path) -> None:
        connection = {
            "HELM_KUBEAPISERVER": server.url,
            "HELM_KUBECAFILE": str(server.certificate),
            "HELM_KUBETOKEN": TOKEN,
            "HELM_NAMESPACE": namespace,
        }
        self._env = {**os.environ, "HOME": str(home), **connection}

    def run(self, *words: str) -> None:
        """Run helm, which must end well."""
        fault = self.fault(*words)
        assert not fault, fault

    def fault(self, *words: str) -> str:
        """Run helm; return what it says where it fails."""
        command = [str(chart_tools.HELM), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self._env)
        return done.stderr or "failed" if done.returncode else ""

    def upgrade(self, values: str, *sets: str, apply: str = "true") -> None:
        """Install a release or change it, by server-side apply (`true`), or by patches as Helm 3 does (`false`)."""
        words = [word for text in (*VALUE_SETS[values], *sets) for word in ("--set", text)]
        words += ["--values", str(chart_tools.FOLDER / "values" / f"{values}.yaml")] if values else []
        options = ["--reset-values", "--history-max", "0", "--server-side", apply]
        self.run("upgrade", "--install", "rap", str(chart_tools.CHART), *options, *words)


@pytest.fixture
def helm(server: ApiServer, namespace: str, tmp_path: Path) -> Helm:
    """Skip where the server hides its version, which helm compares with that of the chart; unless it is required."""
    require(chart_tools.HELM)
    if server.version().startswith("v0.0.0"):
        reason = (
            "kube-apiserver was built without its version: -ldflags '-X k8s.io/component-base/version.gitVersion=v…'"
        )
        (pytest.fail if IS_REQUIRED else pytest.skip)(reason)
    return Helm(server, namespace, tmp_path)


@pytest.mark.parametrize("values", ["", "everything"], ids=["default", "everything"])
def test_a_release_takes_each_change_and_all_at_once(server: ApiServer, namespace: str, helm: Helm, values: str):
    helm.upgrade(values)
    for change in CHANGES:
        helm.upgrade(values, change)
    helm.upgrade(values, *CHANGES)
    jobs = {job["metadata"]["name"]: job["spec"] for job in server.every("CronJob", namespace)}
    assert jobs["rap-boombap-db"]["schedule"] == "1 2 * * *"
    (container,) = jobs["rap-boombap-db"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith("boombap-db:9.9.9")
    assert [job["spec"]["completions"] for job in server.every("Job", namespace)] == ([7] if values else [])
    helm.run("rollback", "rap", "1")
    stored = {title({"kind": "CronJob", **job}): job for job in server.every("CronJob", namespace)}
    for manifest in of_kind(objects(values, *VALUE_SETS[values]), "CronJob"):
        assert lost(manifest["spec"], stored[title(manifest)]["spec"]) == []


@pytest.mark.parametrize("change", ["accessMode=ReadWriteMany", "storageClass=fast"])
def test_a_claim_that_exists_keeps_its_form(namespace: str, helm: Helm, change: str):
    form = "deps.persistence.storageClass=slow"
    helm.upgrade("", form)
    words = ("upgrade", "rap", str(chart_tools.CHART), "--set", form, "--set", f"deps.persistence.{change}")
    assert "PersistentVolumeClaim" in (fault := helm.fault(*words))
    assert "spec is immutable after creation" in fault
    helm.upgrade("", form)


@pytest.mark.parametrize("apply", ["true", "false"], ids=["server-side", "patches"])
def test_a_release_moves_between_all_sets_of_values(server: ApiServer, namespace: str, helm: Helm, apply: str):
    for values in [*VALUE_SETS, *reversed(VALUE_SETS)]:
        helm.upgrade(values, apply=apply)
    assert {job["metadata"]["name"] for job in server.every("CronJob", namespace)} == {
        manifest["metadata"]["name"] for manifest in of_kind(objects(), "CronJob")
    }


def test_a_release_that_is_deleted_leaves_its_claim_only(server: ApiServer, namespace: str, helm: Helm):
    helm.upgrade("everything")
    helm.run("uninstall", "rap")
    kinds = sorted({manifest["kind"] for manifest in objects("everything", *WITHOUT_OPERATOR)})
    left = [(kind, found["metadata"]["name"]) for kind in kinds for found in server.every(kind, namespace)]
    assert left == [("PersistentVolumeClaim", "rap-boombap-deps"), ("ServiceAccount", "default")]
    helm.upgrade("everything")
