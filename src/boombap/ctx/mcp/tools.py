"""The tools that an assistant may call: one table, one entry per tool.

The resident server reads names and schemas from it; the process that answers a call (`worker`) also calls `answer`.
The functions import what they need when they are called, so that the server itself stays small.
"""

from __future__ import annotations

from boombap.errors import UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boombap.ctx.indexing.index import Index

    Arguments = dict[str, Any]
    Answer = Callable[[Index, Arguments, str], dict[str, object]]

_MAX_LIMIT = 100
_DEFAULT_LIMIT = 10
_TEXT = {"type": "string"}
_LIMIT = {
    "type": "integer",
    "minimum": 1,
    "maximum": _MAX_LIMIT,
    "description": f"at most this many answers; default {_DEFAULT_LIMIT}",
}
_TYPES: dict[str, type] = {"string": str, "integer": int}


class Tool(Record):
    """A tool of the server.

    Attributes:
        name: what a call names.
        description: one or two sentences for the model.
        arguments: the JSON Schema of each argument by name.
        required: the arguments that a call must have.
        answer: takes the index, the checked arguments and the folder of all indexes; returns a JSON object.
    """

    name: str
    description: str
    arguments: dict[str, dict[str, object]]
    required: tuple[str, ...]
    answer: Answer


def _search(index: Index, arguments: Arguments, _: str) -> dict[str, object]:
    from boombap.ctx import encode
    from boombap.ctx.answers.filter import Filter, in_tree
    from boombap.ctx.answers.search import search
    from boombap.ctx.structure.languages import check_names

    query = arguments["query"]
    if not query.strip():
        raise UsageError("search needs something to search for")
    languages, paths = ([arguments[name]] if name in arguments else [] for name in ("language", "path"))
    check_names(languages)
    only = Filter(languages, [in_tree(path, index.root, index.root) for path in paths])
    corrections: dict[str, str] = {}
    hits = search(index, query, limit=_limit(arguments), only=only, on_correction=corrections.__setitem__)
    return encode.search_object(index, query, hits, corrections)


def _related(index: Index, arguments: Arguments, _: str) -> dict[str, object]:
    from boombap.ctx import encode
    from boombap.ctx.answers.filter import in_tree
    from boombap.ctx.answers.related import relatives

    file = in_tree(arguments["file"], index.root, index.root)
    return encode.related_object(index, file, relatives(index, file, _limit(arguments)))


def _recent(index: Index, arguments: Arguments, _: str) -> dict[str, object]:
    import time

    from boombap.ctx import encode
    from boombap.ctx.answers.filter import Filter
    from boombap.ctx.answers.recent import changes
    from boombap.units import parse_duration_s

    since_s = int(time.time() - parse_duration_s(arguments.get("since", "7 days")))
    return encode.recent_object(index, since_s, changes(index, since_s, Filter(), _limit(arguments)))


def _status(index: Index, _: Arguments, cache: str) -> dict[str, object]:
    from boombap.ctx import encode
    from boombap.ctx.answers.status import status

    return encode.status_object(status(index, cache))


def _limit(arguments: Arguments) -> int:
    limit: int = arguments.get("limit", _DEFAULT_LIMIT)
    return limit


TOOLS = (
    Tool(
        name="search",
        description="Find the code that answers a question or defines a symbol; gives path, lines, symbol, snippet.",
        arguments={
            "query": {**_TEXT, "description": 'words, an identifier, or "a text in quotes" as it stands'},
            "limit": _LIMIT,
            "language": {**_TEXT, "description": "only files of this language, for example python"},
            "path": {**_TEXT, "description": "only below this folder, or like *.py"},
        },
        required=("query",),
        answer=_search,
    ),
    Tool(
        name="related",
        description="Find the files that belong to one: imports both ways, changed together, tests, rare words.",
        arguments={"file": {**_TEXT, "description": "relative to the root"}, "limit": _LIMIT},
        required=("file",),
        answer=_related,
    ),
    Tool(
        name="recent",
        description="List the files that changed lately, by git's history.",
        arguments={"since": {**_TEXT, "description": 'for example "2 days"; default 7 days'}, "limit": _LIMIT},
        required=(),
        answer=_recent,
    ),
    Tool(
        name="status",
        description="Tell what is indexed, and what was left out and why.",
        arguments={},
        required=(),
        answer=_status,
    ),
)


def tool_of(name: object) -> Tool | None:
    """Return the tool of a name; None when no tool has it."""
    return next((tool for tool in TOOLS if tool.name == name), None)


def definition(tool: Tool) -> Arguments:
    """Return a tool as `tools/list` describes it."""
    schema = {
        "type": "object",
        "properties": tool.arguments,
        "required": list(tool.required),
        "additionalProperties": False,
    }
    return {"name": tool.name, "description": tool.description, "inputSchema": schema}


def check_arguments(tool: Tool, arguments: Arguments) -> None:
    """Check the arguments of a call against the tool's schema.

    Raises:
        UsageError: for an argument that is missing, unknown, of another type or out of its range.
    """
    for name in tool.required:
        if name not in arguments:
            raise UsageError(f"{tool.name} needs {name}")
    for name, value in arguments.items():
        if name not in tool.arguments:
            # An argument that is not looked at, such as a filter, would change what the answer means.
            known = ", ".join(tool.arguments) or "none"
            raise UsageError(f"{tool.name} does not have the argument {name!r}; its arguments: {known}")
        _check_value(name, value, tool.arguments[name])


def _check_value(name: str, value: object, schema: dict[str, Any]) -> None:
    if not isinstance(value, _TYPES[schema["type"]]) or isinstance(value, bool):
        raise UsageError(f"{name} must be {'a text' if schema['type'] == 'string' else 'a whole number'}")
    if isinstance(value, int) and not schema["minimum"] <= value <= schema["maximum"]:
        raise UsageError(f"{name} must be a whole number from {schema['minimum']} to {schema['maximum']}")
