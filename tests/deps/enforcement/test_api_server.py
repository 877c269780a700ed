"""The written objects in a real API server: `make kube-test` runs this where etcd and kube-apiserver can be had."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from api_server import ApiServer, api_server, needs
from deps.enforcement.test_objects import EXPIRED, GOOD, OTHER, TARGET, UNKNOWN, by_digest, pod, written

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, needs("etcd", "kube-apiserver")]
NOW_S = int(time.time())
EXPIRIES = {GOOD: NOW_S + 86_400, OTHER: NOW_S + 86_400, EXPIRED: NOW_S - 60}
SHARDS = 16
_ACTIVE_S = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server with a namespace that is judged, one that is not, and two objects of each kind in place."""
    with api_server(tmp_path_factory.mktemp("kube")) as found:
        for name, labels in (
            ("boombap", {"boombap.dev/verdicts": "enforce"}),
            ("rap", {"boombap.dev/verdicts": "enforce"}),
            ("free", {}),
        ):
            _done(found.apply(_namespace(name, labels)))
        _enforce(found, written(TARGET, EXPIRIES))
        yield found


def _namespace(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _done(answer: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    assert answer[0] in (200, 201), answer
    return answer[1]


def _enforce(server: ApiServer, objects: list[dict[str, Any]]) -> None:
    """Apply the objects, and wait until the server has taken them up; it does so a little later."""
    for item in objects:
        _done(server.apply(item))
    end = time.monotonic() + _ACTIVE_S
    while _create(server, "busybox", dry=True)[0] == 201 or _create(server, by_digest(UNKNOWN), dry=True)[0] == 201:
        assert time.monotonic() < end, "the policy never counted"
        time.sleep(0.2)


def _create(
    server: ApiServer, image: str, namespace: str = "rap", *, dry: bool = False, **spec: Any
) -> tuple[int, Any]:
    item = pod(image, **spec)
    item["metadata"] = {"generateName": "p-", "namespace": namespace}
    path = f"/api/v1/namespaces/{namespace}/pods" + ("?dryRun=All" if dry else "")
    return server.call("POST", path, item)


def test_the_policies_have_no_type_errors(server: ApiServer):
    found = server.call("GET", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies")[1]["items"]
    assert len(found) == 2
    assert [item["status"]["typeChecking"] for item in found if item.get("status", {}).get("typeChecking")] == []


def test_a_passing_digest_is_admitted_and_the_others_are_refused_by_name(server: ApiServer):
    for digits in (GOOD, OTHER):
        _done(_create(server, by_digest(digits)))
    for digits in (UNKNOWN, EXPIRED):
        status, answer = _create(server, by_digest(digits))
        assert (status, answer["reason"]) == (403, "Forbidden")
        assert answer["message"].endswith(f"images without a passing verdict in production: {by_digest(digits)}")
    for image in ("busybox", f"app:1@sha256:{GOOD.upper()}"):
        status, answer = _create(server, image)
        assert status in (403, 422)
        assert image in answer["message"]


def test_init_containers_and_image_volumes_are_judged(server: ApiServer):
    init = [{"name": "b", "image": "busybox"}]
    assert _create(server, by_digest(GOOD), initContainers=init)[0] == 403
    volumes = [{"name": "v", "image": {"reference": by_digest(UNKNOWN)}}]
    assert _create(server, by_digest(GOOD), volumes=volumes)[0] == 403


def test_kubectl_debug_is_refused(server: ApiServer):
    running = _done(_create(server, by_digest(GOOD)))
    path = f"/api/v1/namespaces/rap/pods/{running['metadata']['name']}/ephemeralcontainers"
    for image, expected in (("busybox", 403), (by_digest(UNKNOWN), 403), (by_digest(OTHER), 200)):
        debugger = {"name": "debugger", "image": image, "terminationMessagePolicy": "File", "imagePullPolicy": "Always"}
        patch = {"spec": {"ephemeralContainers": [debugger]}}
        status, answer = server.call("PATCH", path, patch, "application/strategic-merge-patch+json")
        assert status == expected, answer


def test_a_running_pod_may_be_changed_but_not_to_a_bad_image(server: ApiServer):
    running = _done(_create(server, by_digest(GOOD)))
    path = f"/api/v1/namespaces/rap/pods/{running['metadata']['name']}"
    merge = "application/strategic-merge-patch+json"
    _done(server.call("PATCH", path, {"metadata": {"labels": {"a": "b"}}}, merge))
    image = {"spec": {"containers": [{"name": "a", "image": "busybox"}]}}
    assert server.call("PATCH", path, image, merge)[0] == 403


def test_other_namespaces_and_our_own_are_left_alone(server: ApiServer):
    for namespace in ("free", "boombap", "kube-system"):
        _done(_create(server, "busybox", namespace))


def test_a_lost_config_map_refuses_and_shards_judge_as_one_does(server: ApiServer):
    path = "/api/v1/namespaces/boombap/configmaps/boombap-verdicts.production"
    _done(server.call("DELETE", path))
    assert _until(server, by_digest(GOOD), 422) == 422
    policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    _done(server.call("DELETE", f"{policies}/boombap-verdicts.production"))
    objects = written(TARGET, EXPIRIES, 1)
    assert sum(item["kind"] == "ConfigMap" for item in objects) == SHARDS
    _enforce(server, objects)
    assert _until(server, by_digest(GOOD), 201) == 201
    assert _until(server, by_digest(OTHER), 201) == 201
    assert _create(server, by_digest(UNKNOWN))[0] == 403


def test_a_full_config_map_can_be_applied(server: ApiServer):
    expiries = {f"{number:064x}": NOW_S + 86_400 for number in range(5000)}
    objects = written(TARGET.replace(environment="full"), expiries)
    for item in objects[:1]:
        _done(server.apply(item))
        replaced = server.call("GET", "/api/v1/namespaces/boombap/configmaps/boombap-verdicts.full")[1]
        _done(server.call("PUT", "/api/v1/namespaces/boombap/configmaps/boombap-verdicts.full", replaced))


def _until(server: ApiServer, image: str, status: int) -> int:
    """Return the status of a pod with an image, once it is the expected one or time is over."""
    end = time.monotonic() + _ACTIVE_S
    while (found := _create(server, image, dry=True)[0]) != status and time.monotonic() < end:
        time.sleep(0.2)
    return found
