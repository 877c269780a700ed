"""Answers as JSON objects, one schema an action; docs/reference/ctx.md describes them."""

from __future__ import annotations

from boombap.output.encode import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.ctx.answers.recent import Change
    from boombap.ctx.answers.related import Relative
    from boombap.ctx.indexing.prune import CachedIndex
    from boombap.ctx.model import Hit

SEARCH_SCHEMA = "boombap.ctx.search/1"
RECENT_SCHEMA = "boombap.ctx.recent/1"
RELATED_SCHEMA = "boombap.ctx.related/1"
STATUS_SCHEMA = "boombap.ctx.status/1"
PRUNE_SCHEMA = "boombap.ctx.prune/1"


def search_object(root: str, query: str, hits: Sequence[Hit], corrections: Mapping[str, str]) -> dict[str, object]:
    """Return the answers to a search; ``why`` names the parts of each score."""
    answers = [{**plain(hit), "why": dict(hit.why)} for hit in hits]
    return {"schema": SEARCH_SCHEMA, "root": root, "query": query, "corrections": dict(corrections), "hits": answers}


def recent_object(root: str, since_s: int, changes: Sequence[Change]) -> dict[str, object]:
    """Return the files that changed since a moment."""
    return {"schema": RECENT_SCHEMA, "root": root, "since_s": since_s, "files": [plain(change) for change in changes]}


def related_object(root: str, file: str, relatives: Sequence[Relative]) -> dict[str, object]:
    """Return the files that belong to one."""
    files = [{**plain(relative), "why": dict(relative.why)} for relative in relatives]
    return {"schema": RELATED_SCHEMA, "root": root, "file": file, "files": files}


def status_object(status: Mapping[str, object]) -> dict[str, object]:
    """Return what is in an index."""
    return {"schema": STATUS_SCHEMA, **status}


def prune_object(indexes: Sequence[CachedIndex]) -> dict[str, object]:
    """Return what became of each index."""
    return {"schema": PRUNE_SCHEMA, "indexes": [plain(index) for index in indexes]}
