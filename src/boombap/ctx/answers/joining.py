"""Makes one answer of those that are next to each other in a file, so that the others have room."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.ctx.model import Hit

# NDCG@10 with both: see docs/concepts/relevance.md.
_MOST_BETWEEN = 3
_MOST_LINES = 80


def joined(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Return the first answers; one that is beside a better answer in its file only widens that one's lines.

    Args:
        hits: the best first; read only as far as needed.
        limit: the most answers.
    """
    answers: list[Hit] = []
    for hit in hits:
        beside = next((index for index, better in enumerate(answers) if _are_adjacent(better, hit)), None)
        if beside is not None:
            answers[beside] = _widened(answers[beside], hit)
        elif len(answers) < limit:
            answers.append(hit)
        else:
            break
    return answers


def _are_adjacent(better: Hit, hit: Hit) -> bool:
    if better.path != hit.path:
        return False
    between = max(better.start_line, hit.start_line) - min(better.end_line, hit.end_line) - 1
    lines = max(better.end_line, hit.end_line) - min(better.start_line, hit.start_line) + 1
    return between <= _MOST_BETWEEN and lines <= _MOST_LINES


def _widened(better: Hit, hit: Hit) -> Hit:
    start, end = min(better.start_line, hit.start_line), max(better.end_line, hit.end_line)
    return better.replace(start_line=start, end_line=end)
