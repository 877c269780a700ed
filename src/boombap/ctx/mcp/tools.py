"""The tools that an assistant may call: one table, one entry per tool.

The resident server reads names and schemas from it; the process that answers a call (`worker`) also calls `answer`.
"""

from __future__ import annotations

from boombap.ctx.budget import LARGEST, SMALLEST_MAP, SMALLEST_PACK
from boombap.ctx.mcp import calls
from boombap.ctx.mcp.calls import DEFAULT_BUDGET, DEFAULT_LIMIT, DEFAULT_SINCE
from boombap.ctx.mcp.pages import DEFAULT_BYTES, MAX_BYTES, MIN_BYTES
from boombap.ctx.mcp.schema import COUNT, LINE, NUMBER, TEXT, TRUTH, described, listing, record, table
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
_LIMIT: Schema = {
    "type": "integer",
    "minimum": 1,
    "maximum": _MAX_LIMIT,
    "description": f"at most this many answers; default {DEFAULT_LIMIT}",
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
_FILTER: dict[str, Schema] = {
    "path": described(TEXT, "only below this folder, or like *.py"),
    "language": described(TEXT, "only files of this language, for example python"),
}
_QUERY = described(TEXT, 'words, an identifier, or "a text in quotes" as it is')
_FILE = described(TEXT, "relative to the root")
_CORRECTIONS = described(table(TEXT), "words that were searched for instead of others")
_DEFINITIONS = described(
    listing(
        record(
            name=TEXT,
            kind=TEXT,
            start_line=LINE,
            end_line=LINE,
            depth=COUNT,
            scope=TEXT,
            signature=TEXT,
        )
    ),
    "in the order of their lines; depth and scope say which definitions are around one",
)
_READS_ONLY = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
_TYPES: dict[str, type] = {"string": str, "integer": int}


class Tool(Record):
    """A tool of the server.

    Attributes:
        name: what a call names.
        description: one or two sentences for the model.
        arguments: the JSON Schema of each argument by name; those of pages come with every tool.
        required: the arguments that a call must have.
        fields: the JSON Schema of each field of the answer by name; those of every answer come with every tool.
        rows: the field that is divided into pages, a list.
        answer: takes the index, the checked arguments and the folder of all indexes; returns a JSON object.
        parts: the list in a row that is cut where the row is too long for a page; its `left_out` counts the rest.
    """

    name: str
    description: str
    arguments: dict[str, Schema]
    required: tuple[str, ...]
    fields: dict[str, Schema]
    rows: str
    answer: Answer
    parts: str = ""

    @property
    def all_arguments(self) -> dict[str, Schema]:
        """Return the JSON Schema of each argument that a call may have."""
        return {**self.arguments, **_PAGE}


def _budget(smallest: int) -> Schema:
    """Return the schema of a budget in tokens."""
    return {
        "type": "integer",
        "minimum": smallest,
        "maximum": LARGEST,
        "description": f"how much text the answer is made from, in tokens of 4 bytes; default {DEFAULT_BUDGET}",
    }


_SPENT: dict[str, Schema] = {
    "token_bytes": described(COUNT, "how many bytes of UTF-8 count as one token"),
    "budget": COUNT,
    "tokens": described(COUNT, "of the whole answer, estimated"),
}

TOOLS = (
    Tool(
        name="search",
        description=(
            "Find the code that answers a question or defines a symbol; gives path, lines, symbol, snippet."
            " Use it first when you know what you look for."
        ),
        arguments={"query": _QUERY, "limit": _LIMIT, **_FILTER},
        required=("query",),
        fields={
            "engine": TEXT,
            "query": TEXT,
            "corrections": _CORRECTIONS,
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
        answer=calls.search,
    ),
    Tool(
        name="pack",
        description=(
            "Give the code for a question in full: the best chunks that fit into a budget of tokens."
            " Use it in the place of search when you would read the files that it finds."
        ),
        arguments={"query": _QUERY, "budget": _budget(SMALLEST_PACK), **_FILTER},
        required=("query",),
        fields={
            "query": TEXT,
            "corrections": _CORRECTIONS,
            **_SPENT,
            "left_out": described(COUNT, "how many of the best chunks did not fit"),
            "parts": listing(
                record(
                    path=TEXT,
                    start_line=LINE,
                    end_line=LINE,
                    symbol=TEXT,
                    kind=TEXT,
                    score=NUMBER,
                    tokens=COUNT,
                    text=described(TEXT, "the lines as they are, secrets masked"),
                )
            ),
        },
        rows="parts",
        answer=calls.pack,
    ),
    Tool(
        name="outline",
        description=(
            "List what one file defines: kind, lines and signature of each definition."
            " Use it before you read a long file, to read only the lines that you need."
        ),
        arguments={"file": _FILE},
        required=("file",),
        fields={
            "path": TEXT,
            "language": TEXT,
            "lines": described(COUNT, "how many the file has"),
            "parsed": described({"enum": ["grammar", "lines"]}, "by line rules a signature may lack a part"),
            "definitions": _DEFINITIONS,
        },
        rows="definitions",
        answer=calls.outline,
    ),
    Tool(
        name="map",
        description=(
            "Show the signatures of the most imported files, within a budget of tokens."
            " Use it once in a repository that you do not know."
        ),
        arguments={"budget": _budget(SMALLEST_MAP), **_FILTER},
        required=(),
        fields={
            **_SPENT,
            "left_out": described(COUNT, "how many files with definitions did not fit"),
            "unread": described(listing(record(path=TEXT, reason=TEXT)), "files that could not be read, the first few"),
            "files": listing(
                record(
                    path=TEXT,
                    rank=described(NUMBER, "1 for the most central file, 0 for one that nobody imports"),
                    tokens=COUNT,
                    left_out=described(COUNT, "how many of its definitions are not shown; outline has all"),
                    definitions=_DEFINITIONS,
                )
            ),
        },
        rows="files",
        answer=calls.map_,
        parts="definitions",
    ),
    Tool(
        name="related",
        description=(
            "Find the files that belong to one: tests, imports both ways, same package, changed together, rare words."
            " Use it before you change a file."
        ),
        arguments={"file": _FILE, "limit": _LIMIT},
        required=("file",),
        fields={"file": TEXT, "files": listing(record(path=TEXT, score=NUMBER, why=table(NUMBER)))},
        rows="files",
        answer=calls.related,
    ),
    Tool(
        name="recent",
        description="List the files that changed lately, by git's history. Use it to see what is being worked on.",
        arguments={"since": described(TEXT, f'for example "2 days"; default {DEFAULT_SINCE}'), "limit": _LIMIT},
        required=(),
        fields={
            "since_s": described({"type": "integer"}, "seconds since 1970"),
            "files": listing(record(path=TEXT, changed_s={"type": "integer"}, commits=COUNT)),
        },
        rows="files",
        answer=calls.recent,
    ),
    Tool(
        name="status",
        description=(
            "Tell what is indexed, and what was left out and why."
            " Use it when a file is missing in the answers, or is_complete is false."
        ),
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
        answer=calls.status,
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
    is_complete = described(TRUTH, "false when the answer may lack something: then nothing found is not a verdict")
    always = {
        "schema": {"const": f"boombap.ctx.{tool.name}/1"},
        "root": TEXT,
        "is_complete": is_complete,
        "notes": notes,
        **tool.fields,
    }
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
