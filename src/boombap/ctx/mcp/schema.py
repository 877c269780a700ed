"""Short ways to write the JSON Schemas of arguments and answers."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Schema = dict[str, object]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
LINE: Schema = {"type": "integer", "minimum": 1}
NUMBER: Schema = {"type": "number"}
TRUTH: Schema = {"type": "boolean"}


def described(schema: Schema, description: str) -> Schema:
    """Return a schema with what its value means."""
    return {**schema, "description": description}


def table(values: Schema) -> Schema:
    """Return the schema of an object with any names."""
    return {"type": "object", "additionalProperties": values}


def record(**fields: Schema) -> Schema:
    """Return the schema of an object that has all of these fields."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def listing(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}
