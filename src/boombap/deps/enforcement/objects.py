"""The objects of Kubernetes that refuse pods without a server of ours: policies, bindings, and ConfigMaps of digests.

Source: Kubernetes, "Validating Admission Policy" (admissionregistration.k8s.io/v1, stable since 1.30).
"""

from __future__ import annotations

import hashlib
import re

from boombap.deps.enforcement import expressions
from boombap.deps.verdicts.report import moment
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Literal

    Mode = Literal["warn", "deny"]
    Object = dict[str, Any]

_API = "admissionregistration.k8s.io/v1"
_NEVER = "kube-system"
_MANAGED_BY = {"app.kubernetes.io/managed-by": "boombap"}
_LONGEST = 40


class Target(Record):
    """Where the policy is to count, and what it does there.

    Attributes:
        environment: whose verdicts count; empty for none.
        mode: ``warn`` lets every pod in.
        namespace: of the ConfigMaps; its own pods are not judged.
        label: key and value of the namespaces that are judged.
    """

    environment: str
    mode: Mode
    namespace: str
    label: tuple[str, str]


def config_maps(target: Target, shards: Mapping[str, Mapping[str, int]]) -> Iterator[Object]:
    """Yield the ConfigMap of each shard: its digests, each with the time at which its verdict expires."""
    for digits, expiries in shards.items():
        # `prefix` is what the images of this shard contain.
        entries = {f"sha256.{name}": moment(expires_at_s) for name, expires_at_s in expiries.items()}
        metadata = _metadata(target, "verdicts", digits, len(shards)) | {"namespace": target.namespace}
        data = {"prefix": f"@sha256:{digits}"} | entries
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def policies(target: Target, shards: Mapping[str, Mapping[str, int]]) -> Iterator[Object]:
    """Yield both policies and their bindings, one per ConfigMap.

    One binding with a selector would let in what a lost ConfigMap was about; one that names it refuses instead.
    """
    yield _policy(target, "digests", expressions.WITHOUT_DIGEST, "images without a digest")
    yield _binding(target, "digests")
    where = f" in {_slug(target.environment)}" if target.environment else ""
    verdicts = _policy(target, "verdicts", expressions.WITHOUT_VERDICT, f"images without a passing verdict{where}")
    verdicts["spec"]["paramKind"] = {"apiVersion": "v1", "kind": "ConfigMap"}
    yield verdicts
    for digits in shards:
        binding = _binding(target, "verdicts", digits, len(shards))
        binding["spec"]["paramRef"] = {
            "name": _name(target, "verdicts", digits),
            "namespace": target.namespace,
            "parameterNotFoundAction": "Deny",
        }
        yield binding


def _policy(target: Target, what: str, refused: Mapping[str, str], sentence: str) -> Object:
    variables = {**expressions.VARIABLES, **refused}
    validation = {
        "expression": expressions.VALID,
        "message": sentence,
        "messageExpression": expressions.message(sentence),
        "reason": "Forbidden",
    }
    spec = {
        # A missing ConfigMap is a failure too, and would refuse pods also where the policy only warns.
        "failurePolicy": "Fail" if target.mode == "deny" else "Ignore",
        "matchConstraints": _constraints(target),
        "variables": [{"name": name, "expression": expression} for name, expression in variables.items()],
        "validations": [validation],
    }
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": _metadata(target, what),
        "spec": spec,
    }


def _constraints(target: Target) -> Object:
    key, value = target.label
    excluded = {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": sorted({_NEVER, target.namespace})}
    rule = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["pods", "pods/ephemeralcontainers"],
    }
    return {
        "matchPolicy": "Equivalent",
        "namespaceSelector": {"matchLabels": {key: value}, "matchExpressions": [excluded]},
        "resourceRules": [rule],
    }


def _binding(target: Target, what: str, digits: str = "", shards: int = 0) -> Object:
    spec: Object = {
        "policyName": _name(target, what),
        "validationActions": ["Deny" if target.mode == "deny" else "Warn", "Audit"],
    }
    metadata = _metadata(target, what, digits, shards)
    return {"apiVersion": _API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": spec}


def _metadata(target: Target, what: str, digits: str = "", shards: int = 0) -> Object:
    labels = dict(_MANAGED_BY)
    if target.environment:
        labels["boombap.dev/environment"] = _slug(target.environment)
    if shards:
        # Those of another number are to be deleted after it has changed.
        labels["boombap.dev/shards"] = str(shards)
    return {"name": _name(target, what, digits), "labels": labels}


def _name(target: Target, what: str, digits: str = "") -> str:
    """Return the name of an object; that of an environment has no dot, so no two are the same."""
    first = f"boombap-{what}-{digits}" if digits else f"boombap-{what}"
    return f"{first}.{_slug(target.environment)}" if target.environment else first


def _slug(environment: str) -> str:
    """Return the name of an environment as Kubernetes allows it; a changed one ends with digits of its hash."""
    slug = re.sub("[^a-z0-9]+", "-", environment.lower()).strip("-")[:_LONGEST].rstrip("-")
    if slug == environment:
        return slug
    digits = hashlib.sha256(environment.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{slug}-{digits}" if slug else digits
