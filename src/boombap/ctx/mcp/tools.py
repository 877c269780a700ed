"""The tools that an assistant may call: one table, one entry per tool.

The resident server reads names and schemas from it; the process that answers a call (`worker`) also calls `answer`.
The functions import what they need when they are called, so that the server itself stays small.
"""

from __future__ import annotations

from boombap.ctx.mcp.pages import DEFAULT_BYTES, MAX_BYTES, MIN_BYTES
from boombap.ctx.mcp.schema import COUNT, LINE, NUMBER, TEXT, described, listing, record, table
from boombap.errors import UsageError
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.mcp.schema import Schema

    Arguments = dict[str, Any]
    Answer = Callable[[Index, Arguments, str], dict[str, object]]

_MAX_LIMIT = 100
_DEFAULT_LIMIT = 10
_LIMIT: Schema = {
    "type": "integer",
    "minimum": 1,
    "maximum": _MAX_LIMIT,
    "description": f"at most this many answers; default {_DEFAULT_LIMIT}",
}
_PAGE: dict[str, Schema] = {
    "max_bytes": {
        "type": "integer",
        "minimum": MIN_BYTES,
        "maximum": MAX_BYTES,
        "description": f"the size of the answer; default {DEFAULT_BYTES}",
    },
    "cursor": described(TEXT, "next_cursor of the answer before, with the same arguments: the rest of it"),
}
_READS_ONLY = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
_TYPES: dict[str, type] = {"string": str, "integer": int}


class Tool(Record):
    """A tool of the server.

    Attributes:
        name: what a call names.
        description: one or two sentences for the model.
        arguments: the JSON Schema of each argument by name; those of pages come with every tool.
        required: the arguments that a call must have.
        fields: the JSON Schema of each field of the answer by name; schema, root and notes come with every tool.
        rows: the field that is divided into pages, a list.
        answer: takes the index, the checked arguments and the folder of all indexes; returns a JSON object.
    """

    name: str
    description: str
    arguments: dict[str, Schema]
    required: tuple[str, ...]
    fields: dict[str, Schema]
    rows: str
    answer: Answer

    @property
    def all_arguments(self) -> dict[str, Schema]:
        """Return the JSON Schema of each argument that a call may have."""
        return {**self.arguments, **_PAGE}


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
            "query": described(TEXT, 'words, an identifier, or "a text in quotes" as it is'),
            "limit": _LIMIT,
            "language": described(TEXT, "only files of this language, for example python"),
            "path": described(TEXT, "only below this folder, or like *.py"),
        },
        required=("query",),
        fields={
            "query": TEXT,
            "corrections": described(table(TEXT), "words that were searched for instead of others"),
            "hits": listing(
                record(
                    path=TEXT,
                    start_line=LINE,
                    end_line=LINE,
                    symbol=TEXT,
                    kind=TEXT,
                    score=NUMBER,
                    why=table(NUMBER),
                    snippet=TEXT,
                    snippet_line=LINE,
                )
            ),
        },
        rows="hits",
        answer=_search,
    ),
    Tool(
        name="related",
        description="Find the files that belong to one: imports both ways, changed together, tests, rare words.",
        arguments={"file": described(TEXT, "relative to the root"), "limit": _LIMIT},
        required=("file",),
        fields={"file": TEXT, "files": listing(record(path=TEXT, score=NUMBER, why=table(NUMBER)))},
        rows="files",
        answer=_related,
    ),
    Tool(
        name="recent",
        description="List the files that changed lately, by git's history.",
        arguments={"since": described(TEXT, 'for example "2 days"; default 7 days'), "limit": _LIMIT},
        required=(),
        fields={
            "since_s": described({"type": "integer"}, "seconds since 1970"),
            "files": listing(record(path=TEXT, changed_s={"type": "integer"}, commits=COUNT)),
        },
        rows="files",
        answer=_recent,
    ),
    Tool(
        name="status",
        description="Tell what is indexed, and what was left out and why.",
        arguments={},
        required=(),
        fields={
            "index": TEXT,
            **dict.fromkeys(("index_bytes", "files", "lines", "text_bytes", "chunks", "imports", "commits"), COUNT),
            "languages": table(COUNT),
            "by_line_rules": table(COUNT),
            "cut_lines": listing(TEXT),
            "skipped": listing(record(path=TEXT, reason=TEXT)),
        },
        rows="skipped",
        answer=_status,
    ),
)


def tool_of(name: object) -> Tool | None:
    """Return the tool of a name; None when no tool has it."""
    return next((tool for tool in TOOLS if tool.name == name), None)


def definition(tool: Tool) -> Arguments:
    """Return a tool as `tools/list` describes it."""
    arguments = {
        "type": "object",
        "properties": tool.all_arguments,
        "required": list(tool.required),
        "additionalProperties": False,
    }
    return {
        "name": tool.name,
        "description": tool.description,
        "inputSchema": arguments,
        "outputSchema": _answer_schema(tool),
        "annotations": _READS_ONLY,
    }


def _answer_schema(tool: Tool) -> Schema:
    notes = described(listing(TEXT), "what the answer lacks: it may be stale, or files were left out")
    always = {"schema": {"const": f"boombap.ctx.{tool.name}/1"}, "root": TEXT, "notes": notes, **tool.fields}
    more = {
        "left": described(COUNT, f"how many {tool.rows} follow on the next pages"),
        "next_cursor": described(TEXT, "the cursor of a call for the next page; missing on the last"),
    }
    return {"type": "object", "properties": {**always, **more}, "required": list(always)}


def check_arguments(tool: Tool, arguments: Arguments) -> None:
    """Check the arguments of a call against the tool's schema.

    Raises:
        UsageError: for an argument that is missing, unknown, of another type or out of its range.
    """
    for name in tool.required:
        if name not in arguments:
            raise UsageError(f"{tool.name} needs {name}")
    for name, value in arguments.items():
        if name not in tool.all_arguments:
            # An argument that is not looked at, such as a filter, would change what the answer means.
            known = ", ".join(tool.all_arguments)
            raise UsageError(f"{tool.name} does not have the argument {name!r}; its arguments: {known}")
        _check_value(name, value, tool.all_arguments[name])


def _check_value(name: str, value: object, schema: Arguments) -> None:
    if not isinstance(value, _TYPES[schema["type"]]) or isinstance(value, bool):
        raise UsageError(f"{name} must be {'a text' if schema['type'] == 'string' else 'a whole number'}")
    if isinstance(value, int) and not schema["minimum"] <= value <= schema["maximum"]:
        raise UsageError(f"{name} must be a whole number from {schema['minimum']} to {schema['maximum']}")
