"""Checks an answer against its JSON Schema in docs/reference/schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "schemas"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def validated(name: str, text: str) -> Any:
    """Return the answer of an action such as `redis-info` after it was checked; a schema that lacks a key fails too.

    Documents promise that keys may be added; here each new one has to be written into the schema.
    """
    answer = json.loads(text)
    for validator in validators(name):
        errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(answer)]
        assert errors == [], f"{name}.json"
    return answer


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the schema of an answer."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def validators(name: str) -> tuple[Draft202012Validator, Draft202012Validator]:
    """Return what checks an answer as it is promised, and without keys that the schema does not name."""
    checker = Draft202012Validator.FORMAT_CHECKER
    return tuple(Draft202012Validator(form, format_checker=checker) for form in (schema(name), closed(schema(name))))  # type: ignore[return-value]


def closed(part: Any) -> Any:
    """Return a schema that allows no key that it does not name."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    inner = {key: closed(value) for key, value in part.items()}
    return {"additionalProperties": False, **inner} if isinstance(part.get("properties"), dict) else inner


def objects(part: Any) -> list[dict[str, Any]]:
    """Return every part of a schema that describes an object with named keys."""
    if isinstance(part, list):
        return [inner for item in part for inner in objects(item)]
    if not isinstance(part, dict):
        return []
    own = [part] if isinstance(part.get("properties"), dict) else []
    return own + [inner for value in part.values() for inner in objects(value)]
