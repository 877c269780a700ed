"""Reviews as an API server sends them."""

from __future__ import annotations

from typing import Any

from deps.verdicts.images import GOOD


def image(digest: str) -> dict[str, Any]:
    return {"containers": [{"name": "a", "image": f"registry.example/rap/app@{digest}"}]}


def review(spec: Any, kind_: str = "Pod", *, annotations: Any = None, **request: Any) -> dict[str, Any]:
    """Return a review of a pod, or of another object with a template of it."""
    pod = {"metadata": {"name": "p", "annotations": annotations or {}}, "spec": spec}
    objects = {
        "Pod": {"apiVersion": "v1", "kind": "Pod", **pod},
        "CronJob": {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": pod}}}},
        "PodTemplate": {"kind": "PodTemplate", "template": pod},
    }
    asked = {
        "uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": kind_},
        "operation": "CREATE",
        "namespace": "rap",
        "userInfo": {"username": "dj"},
        "object": objects.get(kind_, {"kind": kind_, "spec": {"template": pod}}),
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked | request}


ALLOWED = review(image(GOOD))
