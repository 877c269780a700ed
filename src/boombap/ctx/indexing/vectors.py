"""The vector of a chunk: each of its terms counts once, more in the name of a definition or of the file."""

from __future__ import annotations

from boombap.ctx import term_vectors
from boombap.ctx.tokens import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.ctx.model import Chunk


def of_chunk(path: str, chunk: Chunk, doc: Iterable[str], body: Iterable[str]) -> bytes:
    """Return the packed vector of a chunk, `term_vectors.SIZE` bytes.

    Args:
        path: of its file.
        chunk: where it is and what it defines.
        doc: the terms of its comments.
        body: the terms of its other lines.
    """
    counted = dict.fromkeys((*doc, *body), term_vectors.PLAIN)
    counted |= dict.fromkeys(terms(path.rpartition("/")[2].partition(".")[0]), term_vectors.IN_STEM)
    for symbol in chunk.symbols:
        counted |= dict.fromkeys(terms(symbol), term_vectors.IN_SYMBOL)
    return term_vectors.of_terms(counted)
