"""What the written objects do with pods, evaluated by an implementation of CEL, and Kubernetes' own schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from boombap.deps.enforcement.allowed import sharded
from boombap.deps.enforcement.objects import Target, config_maps, policies
from boombap.deps.enforcement.yaml_output import to_yaml
from deps.enforcement.admission_cel import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

GOOD, OTHER, UNKNOWN, EXPIRED = (letter * 64 for letter in "a0fc")
CREATED, LATER, EARLIER = "2026-12-01T06:00:00Z", 1_800_000_000, 1_700_000_000
EXPIRIES = {OTHER: LATER, GOOD: LATER, EXPIRED: EARLIER}
TARGET = Target("production", "deny", "boombap", ("boombap.dev/verdicts", "enforce"))
APP = "registry.example:5000/rap/app"


def written(target: Target = TARGET, expiries: Mapping[str, int] = EXPIRIES, most: int = 5000) -> list[dict[str, Any]]:
    """Return the objects as a client reads them from the file."""
    shards = sharded(expiries, most)
    objects = [*config_maps(target, shards), *policies(target, shards)]
    return list(yaml.safe_load_all(to_yaml(objects)))


def pod(image: str | None, kind: str = "containers", **others: Any) -> dict[str, Any]:
    named = {"name": "a"} if image is None else {"name": "a", "image": image}
    metadata = {"name": "p", "namespace": "rap", "creationTimestamp": CREATED}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {kind: [named], **others}}


def by_digest(digits: str) -> str:
    return f"{APP}@sha256:{digits}"


ONE, SIXTEEN = written(), written(most=1)
KINDS = ("containers", "initContainers", "ephemeralContainers")


@pytest.mark.parametrize("objects", [ONE, SIXTEEN], ids=["one", "shards"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("image", [by_digest(GOOD), by_digest(OTHER), f"{APP}:1.2@sha256:{GOOD}"])
def test_an_image_with_a_passing_verdict_may_run(objects: list[Any], kind: str, image: str):
    assert refusals(objects, pod(image, kind)) == []


@pytest.mark.parametrize("objects", [ONE, SIXTEEN], ids=["one", "shards"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("digits", [UNKNOWN, EXPIRED])
def test_one_without_a_verdict_that_counts_is_named(objects: list[Any], kind: str, digits: str):
    image = by_digest(digits)
    assert refusals(objects, pod(image, kind)) == [f"images without a passing verdict in production: {image}"]


@pytest.mark.parametrize("objects", [ONE, SIXTEEN], ids=["one", "shards"])
@pytest.mark.parametrize(
    "image",
    [
        "app",
        f"{APP}:1.2",
        None,
        "",
        f"{APP}@sha256:{GOOD.upper()}",
        f"{APP}@SHA256:{GOOD}",
        f"{APP}@sha256:{GOOD[1:]}",
        f"{APP}@sha256:{GOOD}a",
        f"{APP}@sha256.{GOOD}",
        f"{APP}@sha512:{GOOD}{GOOD}",
        f"@sha256:{GOOD}",
        f"{APP}@sha256:{GOOD}@sha256:{UNKNOWN}",
        f"{APP}@sha256:{GOOD} ",
    ],
)
def test_one_without_a_digest_is_refused(objects: list[Any], image: str | None):
    said = refusals(objects, pod(image))
    assert f"images without a digest: {image or ''}" in said


def test_each_image_counts_not_only_the_first():
    both = pod(by_digest(GOOD), initContainers=[{"name": "b", "image": by_digest(UNKNOWN)}])
    assert len(refusals(ONE, both)) == 1
    debug = pod(by_digest(GOOD), ephemeralContainers=[{"name": "debugger", "image": "busybox"}])
    assert refusals(ONE, debug, pod(by_digest(GOOD))) == ["images without a digest: busybox"]


def test_an_image_volume_is_an_image():
    def volume(reference: object) -> dict[str, Any]:
        return pod(by_digest(GOOD), volumes=[{"name": "cache", "emptyDir": {}}, {"name": "v", "image": reference}])

    assert refusals(ONE, volume({"reference": by_digest(GOOD)})) == []
    assert len(refusals(ONE, volume({"reference": by_digest(UNKNOWN)}))) == 1
    assert refusals(ONE, volume({"reference": "model:1"})) == ["images without a digest: model:1"]
    assert refusals(ONE, volume({})) == ["images without a digest: "]


def test_a_pod_that_runs_may_be_changed_but_not_to_another_bad_image():
    running = pod(by_digest(UNKNOWN))
    assert refusals(ONE, running | {"metadata": running["metadata"] | {"finalizers": []}}, running) == []
    assert refusals(ONE, pod("app:2"), running) == ["images without a digest: app:2"]


def test_a_lost_config_map_refuses_every_pod():
    (one,) = [item for item in SIXTEEN if item.get("data", {}).get("prefix") == "@sha256:f"]
    lost = [item for item in SIXTEEN if item is not one]
    assert refusals(lost, pod(by_digest(GOOD))) == ["no params"]


def test_each_digest_is_in_one_shard_and_each_shard_has_a_binding():
    maps = [item for item in SIXTEEN if item["kind"] == "ConfigMap"]
    named = {(item["data"]["prefix"], key) for item in maps for key in item["data"] if key != "prefix"}
    assert named == {(f"@sha256:{digits[0]}", f"sha256.{digits}") for digits in EXPIRIES}
    bindings = [item["spec"]["paramRef"]["name"] for item in SIXTEEN if "paramRef" in item.get("spec", {})]
    assert sorted(bindings) == sorted(item["metadata"]["name"] for item in maps)
    assert len(bindings) == 16


def test_a_full_shard_fits_into_one_request_to_etcd():
    expiries = {f"{number:064x}": LATER for number in range(5000)}
    (whole,) = config_maps(TARGET, sharded(expiries))
    managed_by_two = sum(len(f'"f:{key}":{{}},') for key in whole["data"]) * 2
    assert len(to_yaml([whole])) + managed_by_two < 1.5 * 1024 * 1024
    assert len(list(config_maps(TARGET, sharded(expiries | {"f" * 64: LATER})))) == 16


def test_warn_lets_pods_in_also_where_a_config_map_is_missing():
    found = written(TARGET.replace(mode="warn"))
    specs = [item["spec"] for item in found if item["kind"] != "ConfigMap"]
    assert {tuple(spec["validationActions"]) for spec in specs if "policyName" in spec} == {("Warn", "Audit")}
    assert {spec["failurePolicy"] for spec in specs if "policyName" not in spec} == {"Ignore"}
    denied = [item["spec"] for item in ONE if item["kind"] != "ConfigMap"]
    assert {tuple(spec["validationActions"]) for spec in denied if "policyName" in spec} == {("Deny", "Audit")}
    assert {spec["failurePolicy"] for spec in denied if "policyName" not in spec} == {"Fail"}


def test_only_labelled_namespaces_are_judged_never_our_own_or_that_of_the_cluster():
    for item in ONE:
        if item["kind"] == "ValidatingAdmissionPolicy":
            assert item["spec"]["matchConstraints"]["namespaceSelector"] == {
                "matchLabels": {"boombap.dev/verdicts": "enforce"},
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["boombap", "kube-system"]}
                ],
            }


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("environment", ["", "production", "1e1", "Älter! 2"])
@pytest.mark.parametrize("most", [5000, 1])
def test_the_objects_fit_the_schemas_of_kubernetes(version: str, environment: str, most: int):
    for item in written(TARGET.replace(environment=environment), most=most):
        kubernetes_validate.validate(item, version, strict=True)


ENVIRONMENTS = [
    ("", 1),
    ("0", 5000),
    ("a", 1),
    *((name, 5000) for name in ("A", "a-0", "0a", "Ä", "ä", "a" * 50, "a" * 51)),
]


def test_names_of_environments_never_meet():
    named = [
        {(item["kind"], item["metadata"]["name"]) for item in written(TARGET.replace(environment=name), most=most)}
        for name, most in ENVIRONMENTS
    ]
    assert sum(map(len, named)) == len(set().union(*named))


def test_numbers_and_dates_stay_texts_for_every_parser():
    text = to_yaml([{"a": "1e1", "b": "2026-12-01", "c": "yes", "d": "0x1", "e": "word"}])
    assert text == "---\na: '1e1'\nb: '2026-12-01'\nc: 'yes'\nd: '0x1'\ne: word\n"
