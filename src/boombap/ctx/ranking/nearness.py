"""How near the candidates and their files are to the question in the learned table of term vectors."""

from __future__ import annotations

from boombap.ctx import term_vectors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def weighted(vectors: Mapping[int, bytes], asked: Sequence[str], weight: float) -> dict[int, float]:
    """Return the weight times the cosine with the question, all at once; 0 where that is negative.

    Args:
        vectors: the packed vectors of chunks or files by number.
        asked: the terms of the question.
        weight: of this part of the score; for 0 nothing is computed.
    """
    if not weight:
        return dict.fromkeys(vectors, 0.0)
    cosines = term_vectors.cosines(asked, list(vectors.values()))
    return {number: weight * cosine for number, cosine in zip(vectors, cosines, strict=True)}
