"""What a question to an index has found, with all that the answer lacks."""

from __future__ import annotations

from boombap.ctx.model import SearchAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.model import Hit


def search_answer(
    index: Index,
    query: str,
    hits: Sequence[Hit],
    corrections: Mapping[str, str],
    *,
    unread: Sequence[str] = (),
    is_partial: bool = False,
) -> SearchAnswer:
    """Return the answer to a search of an index.

    Args:
        index: that was searched.
        query: as it was asked.
        hits: the best first.
        corrections: what was searched for in the place of each misspelt word.
        unread: notes on files that could not be read.
        is_partial: whether the answer may lack something for another reason.
    """
    is_complete = not (unread or is_partial or index.is_partial)
    return SearchAnswer(index.root, query, hits, corrections, [*index.all_notes, *unread], is_complete)
