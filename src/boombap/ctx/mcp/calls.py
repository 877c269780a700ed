"""What each tool answers: the arguments of a call to a question, its answer as a JSON object.

Every function takes the index, the arguments (checked against the schema of the tool) and the folder of all indexes.
They import what they need when they are called, so that the server, which reads the table only, stays small.
"""

from __future__ import annotations

from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from boombap.ctx.answers.filter import Filter
    from boombap.ctx.indexing.index import Index

    Arguments = dict[str, Any]
    Answer = dict[str, Any]

DEFAULT_LIMIT = 10
DEFAULT_BUDGET = 2_000
DEFAULT_SINCE = "7 days"
_MAX_NAMED = 3


def search(index: Index, arguments: Arguments, _: str) -> Answer:
    """Return the best answers to a query."""
    from boombap.ctx import encode
    from boombap.ctx.answers.search import search
    from boombap.ctx.answers.search_answer import search_answer

    query, only = _query("search", arguments), _filter(index, arguments)
    corrections: dict[str, str] = {}
    reader = index.reader()
    hits = search(
        index, query, limit=_limit(arguments), only=only, on_correction=corrections.__setitem__, reader=reader
    )
    answer = encode.search_object(search_answer(index, query, hits, corrections, unread=reader.notes))
    return answer if hits else _with_unmatched(answer, index, only)


def pack(index: Index, arguments: Arguments, _: str) -> Answer:
    """Return the best chunks for a query within a budget."""
    from boombap.ctx import encode
    from boombap.ctx.answers.pack import pack

    query, only = _query("pack", arguments), _filter(index, arguments)
    corrections: dict[str, str] = {}
    reader = index.reader()
    packed = pack(index, query, _budget(arguments), only=only, on_correction=corrections.__setitem__, reader=reader)
    answer = encode.pack_object(index, query, packed, corrections, reader.notes)
    return answer if packed.parts else _with_unmatched(answer, index, only)


def outline(index: Index, arguments: Arguments, _: str) -> Answer:
    """Return what a file defines."""
    from boombap.ctx import encode
    from boombap.ctx.answers.filter import in_tree
    from boombap.ctx.answers.outline import outline

    return encode.outline_object(index, outline(index, in_tree(arguments["file"], index.root, index.root)))


def map_(index: Index, arguments: Arguments, _: str) -> Answer:
    """Return what the most central files define within a budget."""
    from boombap.ctx import encode
    from boombap.ctx.answers.repo_map import repository_map

    only = _filter(index, arguments)
    repository = repository_map(index, _budget(arguments), only)
    # The whole list may be longer than a page.
    answer = encode.map_object(index, repository.replace(unread=repository.unread[:_MAX_NAMED]))
    answer = _with_notes(answer, _unread_notes(len(repository.unread)))
    return answer if repository.files else _with_unmatched(answer, index, only)


def related(index: Index, arguments: Arguments, _: str) -> Answer:
    """Return the files that belong to one."""
    from boombap.ctx import encode
    from boombap.ctx.answers.filter import in_tree
    from boombap.ctx.answers.related import relatives

    file = in_tree(arguments["file"], index.root, index.root)
    return encode.related_object(index, file, relatives(index, file, _limit(arguments)))


def recent(index: Index, arguments: Arguments, _: str) -> Answer:
    """Return the files that changed lately."""
    import time

    from boombap.ctx import encode
    from boombap.ctx.answers.filter import Filter
    from boombap.ctx.answers.recent import changes
    from boombap.units import parse_duration_s

    since_s = int(time.time() - parse_duration_s(arguments.get("since", DEFAULT_SINCE)))
    return encode.recent_object(index, since_s, changes(index, since_s, Filter(), _limit(arguments)))


def status(index: Index, _: Arguments, cache: str) -> Answer:
    """Return what an index holds and what it left out."""
    from boombap.ctx import encode
    from boombap.ctx.answers.status import status

    return encode.status_object(status(index, cache))


def _query(tool: str, arguments: Arguments) -> str:
    query: str = arguments["query"]
    if not query.strip():
        raise UsageError(f"{tool} needs something to search for")
    return query


def _filter(index: Index, arguments: Arguments) -> Filter:
    from boombap.ctx.answers.filter import Filter, in_tree
    from boombap.ctx.structure.languages import check_names

    languages, paths = ([arguments[name]] if name in arguments else [] for name in ("language", "path"))
    check_names(languages)
    return Filter(languages, [in_tree(path, index.root, index.root) for path in paths])


def _limit(arguments: Arguments) -> int:
    limit: int = arguments.get("limit", DEFAULT_LIMIT)
    return limit


def _budget(arguments: Arguments) -> int:
    budget: int = arguments.get("budget", DEFAULT_BUDGET)
    return budget


def _with_unmatched(answer: Answer, index: Index, only: Filter) -> Answer:
    """Return an empty answer with a note on a path that no indexed file matches."""
    from boombap.ctx.answers.filter import unmatched_notes

    return _with_notes(answer, list(unmatched_notes(index, only.paths)))


def _with_notes(answer: Answer, notes: list[str]) -> Answer:
    return {**answer, "notes": [*answer["notes"], *notes]}


def _unread_notes(count: int) -> list[str]:
    named = "them" if count <= _MAX_NAMED else "the first"
    return [f"{count:,} file{'s' * (count != 1)} cannot be read: `unread` names {named}"] if count else []
