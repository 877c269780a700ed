"""Kubernetes manifests that helm has rendered, for the tests: objects, their pods and containers."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

import chart_tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Manifest = dict[str, Any]


class Pod(NamedTuple):
    """The pods of one object: what it is called, their labels and their specification."""

    owner: str
    labels: dict[str, str]
    spec: Manifest

    @property
    def containers(self) -> list[Manifest]:
        """Those that run, and those that run before them."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def require(program: Path) -> None:
    """Skip the test without a program that `make chart` brings; in CI and for `make kube-test` it must be there."""
    if not program.exists():
        reason = f"{program.name} is not in the cache; `make chart` brings it"
        if os.environ.get("CI") or os.environ.get("KUBE_REQUIRED"):
            pytest.fail(f"{reason}, and this run must have it")
        pytest.skip(reason)


@cache
def text(values: str = "", *sets: str, chart: Path = chart_tools.CHART) -> str:
    """Return the rendered chart as YAML; `values` names a file of deploy/chart/values."""
    require(chart_tools.HELM)
    path = chart_tools.FOLDER / "values" / f"{values}.yaml" if values else None
    rendered, fault = chart_tools.render_chart(path, *sets, chart=chart)
    assert not fault, fault
    return rendered


@cache
def objects(values: str = "", *sets: str, chart: Path = chart_tools.CHART) -> list[Manifest]:
    """Return the objects of the rendered chart, which no test may change."""
    return [found for found in yaml.load_all(text(values, *sets, chart=chart), yaml.CSafeLoader) if found]


def refusal(*sets: str) -> str:
    """Return what helm says about values that it refuses."""
    require(chart_tools.HELM)
    rendered, fault = chart_tools.render_chart(None, *sets)
    assert not rendered, sets
    return fault


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def title(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def job_specs(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Yield the specification of each Job, also of those that a CronJob makes."""
    for manifest in manifests:
        if manifest["kind"] == "CronJob":
            yield title(manifest), manifest["spec"]["jobTemplate"]["spec"]
        elif manifest["kind"] == "Job":
            yield title(manifest), manifest["spec"]


def pods(manifests: list[Manifest]) -> Iterator[Pod]:
    """Yield the pods of Deployments, Jobs and CronJobs."""
    templates = [(title(d), d["spec"]["template"]) for d in of_kind(manifests, "Deployment")]
    templates += [(name, spec["template"]) for name, spec in job_specs(manifests)]
    for owner, template in templates:
        yield Pod(owner, template["metadata"]["labels"], template["spec"])


def mebibytes(quantity: str) -> float:
    return float(quantity[:-2]) * {"Ki": 1 / 1024, "Mi": 1, "Gi": 1024}[quantity[-2:]]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


def placed(manifest: Manifest, namespace: str) -> Manifest:
    """Return an object in a namespace, as helm creates it; a kind that has none stays as it is."""
    if manifest["kind"] == "ValidatingWebhookConfiguration":
        return manifest
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
