"""An admission policy evaluated over a pod, as an API server does it: by cel-python, the CEL of another author."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import celpy
from celpy import celtypes
from celpy.adapter import json_to_cel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Object = dict[str, Any]


def _split(text: celtypes.StringType, separator: celtypes.StringType) -> celtypes.ListType:
    return celtypes.ListType([celtypes.StringType(part) for part in str(text).split(str(separator))])


def _join(texts: celtypes.ListType, separator: celtypes.StringType) -> celtypes.StringType:
    return celtypes.StringType(str(separator).join(map(str, texts)))


# Kubernetes adds them to CEL, and so must whoever evaluates its expressions.
_STRINGS = {"split": _split, "join": _join}


def refusals(objects: Iterable[Object], pod: Object, old: Object | None = None) -> list[str]:
    """Return the message of each binding that refuses a pod; a binding without its ConfigMap refuses it too."""
    by_kind: dict[str, dict[str, Object]] = {}
    for item in objects:
        by_kind.setdefault(item["kind"], {})[item["metadata"]["name"]] = item
    said = []
    for binding in by_kind["ValidatingAdmissionPolicyBinding"].values():
        spec = by_kind["ValidatingAdmissionPolicy"][binding["spec"]["policyName"]]["spec"]
        reference = binding["spec"].get("paramRef")
        params = by_kind.get("ConfigMap", {}).get(reference["name"]) if reference else {}
        if params is None:
            assert reference["parameterNotFoundAction"] == "Deny"
            said.append("no params")
        elif message := _refusal(spec, {"object": pod, "oldObject": old, "params": params}):
            said.append(message)
    return said


def _refusal(spec: Object, given: Mapping[str, Any]) -> str:
    known = {name: json_to_cel(value) for name, value in given.items()}
    variables = celtypes.MapType()
    for variable in spec["variables"]:
        variables[celtypes.StringType(variable["name"])] = _value(variable["expression"], known, variables)
    (validation,) = spec["validations"]
    if _value(validation["expression"], known, variables):
        return ""
    return str(_value(validation["messageExpression"], known, variables))


def _value(expression: str, known: Mapping[str, Any], variables: celtypes.MapType) -> Any:
    return _program(expression).evaluate({**known, "variables": variables})


@cache
def _program(expression: str) -> Any:
    environment = celpy.Environment()
    return environment.program(environment.compile(expression), functions=_STRINGS)
