"""Answers as JSON objects, one schema an action; docs/reference/ctx.md describes them."""

from __future__ import annotations

from boombap.ctx.budget import TOKEN_BYTES
from boombap.output.encode import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.ctx.answers.outline import Outline
    from boombap.ctx.answers.pack import Pack
    from boombap.ctx.answers.recent import Change
    from boombap.ctx.answers.related import Relative
    from boombap.ctx.answers.repo_map import RepositoryMap
    from boombap.ctx.indexing.index import Index
    from boombap.ctx.indexing.prune import CachedIndex
    from boombap.ctx.model import SearchAnswer

SEARCH_SCHEMA = "boombap.ctx.search/1"
RECENT_SCHEMA = "boombap.ctx.recent/1"
RELATED_SCHEMA = "boombap.ctx.related/1"
OUTLINE_SCHEMA = "boombap.ctx.outline/1"
MAP_SCHEMA = "boombap.ctx.map/1"
PACK_SCHEMA = "boombap.ctx.pack/1"
STATUS_SCHEMA = "boombap.ctx.status/1"
PRUNE_SCHEMA = "boombap.ctx.prune/1"


def search_object(answer: SearchAnswer) -> dict[str, object]:
    """Return the answers to a search; ``why`` names the parts of each score."""
    head = {
        "schema": SEARCH_SCHEMA,
        "root": answer.root,
        "is_complete": answer.is_complete,
        "notes": list(answer.notes),
    }
    asked = {"engine": answer.engine, "query": answer.query, "corrections": dict(answer.corrections)}
    return {**head, **asked, "hits": [{**plain(hit), "why": dict(hit.why)} for hit in answer.hits]}


def recent_object(index: Index, since_s: int, changes: Sequence[Change]) -> dict[str, object]:
    """Return the files that changed since a moment."""
    head = _head(RECENT_SCHEMA, index, is_partial=not index.has_history)
    return {**head, "since_s": since_s, "files": _listed(changes)}


def related_object(index: Index, file: str, relatives: Sequence[Relative]) -> dict[str, object]:
    """Return the files that belong to one."""
    files = [{**plain(relative), "why": dict(relative.why)} for relative in relatives]
    return {**_head(RELATED_SCHEMA, index, is_partial=not index.has_history), "file": file, "files": files}


def outline_object(index: Index, outline: Outline) -> dict[str, object]:
    """Return what a file defines."""
    return {**_head(OUTLINE_SCHEMA, index), **plain(outline), "definitions": _listed(outline.definitions)}


def map_object(index: Index, repository_map: RepositoryMap) -> dict[str, object]:
    """Return what the most central files define; an estimate of tokens is 4 bytes of UTF-8 each."""
    head = _head(MAP_SCHEMA, index, is_partial=bool(repository_map.unread))
    files = [{**plain(file), "definitions": _listed(file.definitions)} for file in repository_map.files]
    lists = {"unread": _listed(repository_map.unread), "files": files}
    return {**head, "token_bytes": TOKEN_BYTES, **plain(repository_map), **lists}


def pack_object(
    index: Index, query: str, packed: Pack, corrections: Mapping[str, str], unread: Sequence[str] = ()
) -> dict[str, object]:
    """Return the best chunks for a question; an estimate of tokens is 4 bytes of UTF-8 each."""
    asked = {"query": query, "corrections": dict(corrections)}
    parts = _listed(packed.parts)
    return {**_head(PACK_SCHEMA, index, unread), **asked, "token_bytes": TOKEN_BYTES, **plain(packed), "parts": parts}


def _listed(values: Sequence[object]) -> list[Mapping[str, object]]:
    return [plain(value) for value in values]


def _head(schema: str, index: Index, unread: Sequence[str] = (), *, is_partial: bool = False) -> dict[str, object]:
    is_complete = not (unread or is_partial or index.is_partial)
    return {"schema": schema, "root": index.root, "is_complete": is_complete, "notes": [*index.all_notes, *unread]}


def status_object(status: Mapping[str, object]) -> dict[str, object]:
    """Return what is in an index."""
    return {"schema": STATUS_SCHEMA, **status}


def prune_object(indexes: Sequence[CachedIndex]) -> dict[str, object]:
    """Return what became of each index."""
    return {"schema": PRUNE_SCHEMA, "indexes": _listed(indexes)}
