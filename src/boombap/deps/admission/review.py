"""Reviews of an API server to answers: may this pod be created.

Source: Kubernetes, "Dynamic Admission Control", AdmissionReview of admission.k8s.io/v1. Pods are refused; objects that
only make pods are warned about, because refusing them would stop changes that lead away from a bad image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.deps.admission.break_glass import BreakGlass, read_break_glass
from boombap.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Literal

    from boombap.deps.admission.lookup import Lookup, Permission

    Result = Literal["allowed", "refused", "break_glass", "failed"]

API = "admission.k8s.io/v1"
_POD = "Pod"
_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "PodTemplate": ("template",),
}
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_GROUPS = ("", "apps", "batch", "extensions")
# Nothing new runs through these.
_OTHER_OPERATIONS = ("DELETE", "CONNECT")
_RUNS_NOTHING = ("status", "eviction", "binding")
_SHOWN = 10
# A pod of 8 MiB can name 100,000 images; the API server waits 2 s.
_MOST_IMAGES = 1000
_MESSAGE_CHARACTERS = 2000
# The API server cuts longer ones.
_WARNING_CHARACTERS = 250


class BadReview(ValueError):
    """A body that is not a review, and why."""


class Review(Record):
    """What is asked.

    Attributes:
        uid: of the request.
        kind: of the object.
        namespace: where it is to be.
        user: who asks.
        pod: metadata and spec of the pod, or of the template; None where nothing is to be judged.
        old_images: that the pod has already.
        note: why nothing is judged; empty otherwise.
    """

    uid: str
    kind: str
    namespace: str
    user: str
    pod: Mapping[str, Any] | None
    old_images: frozenset[str] = frozenset()
    note: str = ""


class Answer(Record):
    """What the API server is told.

    Attributes:
        uid: of the request.
        result: for logs and metrics.
        message: of a refusal.
        warnings: for the person who asked.
        break_glass: the reason that let it in; empty otherwise.
    """

    uid: str
    result: Result
    message: str = ""
    warnings: tuple[str, ...] = ()
    break_glass: str = ""

    @property
    def is_allowed(self) -> bool:
        """Tell whether the object may be created."""
        return self.result in ("allowed", "break_glass")

    def to_object(self) -> dict[str, object]:
        """Return the review with its response."""
        response: dict[str, object] = {"uid": self.uid, "allowed": self.is_allowed}
        if not self.is_allowed:
            response["status"] = {"code": 403, "reason": "Forbidden", "message": self.message}
        if self.warnings:
            response["warnings"] = list(self.warnings)
        if self.break_glass:
            response["auditAnnotations"] = {"break-glass": self.break_glass}
        return {"apiVersion": API, "kind": "AdmissionReview", "response": response}


def read_review(body: object) -> Review:
    """Return what a review asks.

    Args:
        body: as JSON has it.

    Raises:
        BadReview: for one of another version, and for what is not a review.
    """
    if not isinstance(body, dict) or body.get("kind") != "AdmissionReview" or body.get("apiVersion") != API:
        raise BadReview(f"the body must be an AdmissionReview of {API}")
    request = body.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("uid"), str) or not request["uid"]:
        raise BadReview("the review has no request with a uid")
    kind, is_known = _kind(request.get("kind"))
    user = _cut(_mapping(request.get("userInfo")).get("username"))
    asked = Review(request["uid"], kind, _cut(request.get("namespace")), user, None)
    if request.get("operation") in _OTHER_OPERATIONS or request.get("subResource") in _RUNS_NOTHING:
        return asked
    if not is_known:
        return asked.replace(note=f"{kind} is not judged: it is neither a pod nor a known workload")
    object_ = request.get("object")
    if not isinstance(object_, dict) or object_.get("kind", kind) != kind:
        raise BadReview(f"the request has no object of kind {kind}")
    old = request.get("oldObject") if request.get("operation") == "UPDATE" else None
    images = frozenset(image for _, image in _images(_pod(old, kind))) if isinstance(old, dict) else frozenset()
    return asked.replace(pod=_pod(object_, kind), old_images=images)


def decide(review: Review, lookup: Lookup, now_s: float, break_glass_max_s: float) -> Answer:
    """Return the answer to a review.

    Args:
        review: what is asked.
        lookup: the verdicts.
        now_s: Unix time.
        break_glass_max_s: how far from now the end of break glass may be.
    """
    if review.pod is None:
        return Answer(review.uid, "allowed", warnings=_short([review.note] if review.note else []))
    # A pod that runs is changed in other ways too, last when its finalizers are removed: that must stay possible.
    images = [(where, image) for where, image in _images(review.pod) if image not in review.old_images]
    glass = read_break_glass(_mapping(review.pod.get("metadata")).get("annotations"), now_s, break_glass_max_s)
    if not images and not review.old_images:
        return _judged(review, ["the pod names no image"], [], "refused", glass)
    if len(images) > _MOST_IMAGES:
        return _judged(review, [f"the pod names more than {_MOST_IMAGES:,} images"], [], "refused", glass)
    permissions = lookup.permissions([image for _, image in images], now_s)
    found = [(where, permission) for (where, _), permission in zip(images, permissions, strict=True)]
    refused = [_sentence(*item) for item in found if not item[1].is_allowed]
    warned = [_sentence(*item) for item in found if item[1].is_allowed and item[1].reason]
    result: Result = "failed" if any(permission.is_failure for _, permission in found) else "refused"
    return _judged(review, refused, warned, result, glass)


def _judged(review: Review, refused: list[str], warned: list[str], result: Result, glass: BreakGlass) -> Answer:
    if not refused:
        return Answer(review.uid, "allowed", warnings=_short(warned))
    if review.kind != _POD:
        return Answer(
            review.uid, "allowed", warnings=_short([f"pods will be refused: {one}" for one in refused] + warned)
        )
    if glass.counts:
        return Answer(review.uid, "break_glass", _message(refused, glass), _short(refused), glass.reason)
    return Answer(review.uid, result, _message(refused, glass), _short(warned))


def _message(refused: list[str], glass: BreakGlass) -> str:
    more = f"; and {len(refused) - _SHOWN} more" if len(refused) > _SHOWN else ""
    parts = [*refused[:_SHOWN], glass.refusal] if glass.refusal else refused[:_SHOWN]
    return ("; ".join(parts) + more)[:_MESSAGE_CHARACTERS]


def _short(sentences: list[str]) -> tuple[str, ...]:
    return tuple(sentence[:_WARNING_CHARACTERS] for sentence in sentences[:_SHOWN])


def _sentence(where: str, permission: Permission) -> str:
    return f"{_cut(where)}: image {_cut(permission.image)}: {permission.reason}"


def _images(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where an image is named, and its name; empty where a container names none.

    Raises:
        BadReview: for a pod that has another form.
    """
    spec = pod.get("spec")
    if not isinstance(spec, dict):
        raise BadReview("the pod has no spec")
    for kind in _CONTAINERS:
        for container in _list(spec.get(kind), kind):
            image = container.get("image") or ""
            yield f"{kind}.{container.get('name') or '?'}", image if isinstance(image, str) else ascii(image)
    for volume in _list(spec.get("volumes"), "volumes"):
        if isinstance(source := volume.get("image"), dict):
            yield f"volumes.{volume.get('name') or '?'}", str(source.get("reference") or "")


def _pod(object_: object, kind: str) -> Mapping[str, Any]:
    for key in _TEMPLATES.get(kind, ()):
        object_ = object_.get(key) if isinstance(object_, dict) else None
    if not isinstance(object_, dict):
        raise BadReview(f"the {kind} has no template of a pod")
    return object_


def _list(value: object, what: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadReview(f"{what} must be a list of objects")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _cut(text: object) -> str:
    return text[:_WARNING_CHARACTERS] if isinstance(text, str) else ""


def _kind(value: object) -> tuple[str, bool]:
    """Return the kind of the object, and whether its form is known: other groups have kinds of the same names."""
    name, group = _mapping(value).get("kind"), _mapping(value).get("group") or ""
    if not isinstance(name, str) or not name:
        raise BadReview("the request has no kind")
    return _cut(name), (name == _POD and group == "") or (name in _TEMPLATES and group in _GROUPS)
