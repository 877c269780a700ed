"""The plain way to search code: TF-IDF over whole files in pure Python, without an index.

Every call reads every file again, and an answer is a file, not a place in it. Which files may answer, and their lines
with secrets masked, come from `repository`, as for the native engine: a fallback must not show what that one hides.

What it cannot know: names in compounds (``ConnectionPool`` is one word), word forms, misspelt words, and definitions.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from boombap.ctx.model import Hit, Skipped
from boombap.ctx.repository.files import listing
from boombap.ctx.repository.texts import content, decode, lines_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from boombap.ctx.repository.files import Listing

    Vector = Mapping[str, float]

_WORD = re.compile(r"[^\W\d]\w+")
_QUOTED = re.compile(r'"([^"]+)"')
_SNIPPET_LINES = 12


def search(
    root: str,
    query: str,
    limit: int = 10,
    *,
    on_listed: Callable[[Listing], None] | None = None,
    on_skipped: Callable[[Skipped], None] | None = None,
) -> list[Hit]:
    """Return the files most similar to a query by the cosine of their TF-IDF vectors, the best first.

    Args:
        root: the top of the tree.
        query: words, or a text in double quotes that must be in a file exactly as written.
        limit: the most answers.
        on_listed: told which files were searched, and which left out.
        on_skipped: told of each file that could not be searched, and why.

    Raises:
        NotFound: for a bare repository, which has no files.
    """
    words, phrases = set(_words(query)), _QUOTED.findall(query)
    hits: list[Hit] = []
    if words or phrases:
        listed = listing(root)
        if on_listed:
            on_listed(listed)
        for path, score in _ranked(_counts(root, listed.paths, on_skipped), Counter(_words(query))):
            if len(hits) == limit:
                break
            hits.extend(_shown(root, path, score, words, phrases))
    return hits


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _counts(root: str, paths: Sequence[str], on_skipped: Callable[[Skipped], None] | None) -> dict[str, Counter[str]]:
    """Return how often each word is in each file."""
    counts = {}
    for path in paths:
        raw = content(root, path)
        text = None if isinstance(raw, Skipped) else decode(raw)
        if text is not None:
            counts[path] = Counter(_words(text))
        elif on_skipped:
            on_skipped(raw if isinstance(raw, Skipped) else Skipped(path, "binary"))
    return counts


def _ranked(counts: Mapping[str, Counter[str]], asked: Counter[str]) -> list[tuple[str, float]]:
    """Return each file that shares a word with the query, and each file for a query without words."""
    files_with = Counter(word for count in counts.values() for word in count)
    idf = {word: math.log(len(counts) / files) + 1 for word, files in files_with.items()}
    query = _vector(asked, idf)
    scores = {path: _cosine(query, _vector(count, idf)) for path, count in counts.items()}
    best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(path, score) for path, score in best if score > 0 or not asked]


def _vector(count: Counter[str], idf: Vector) -> Vector:
    """Return term frequency times inverse document frequency, of length 1."""
    weights = {word: number * idf[word] for word, number in count.items() if word in idf}
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {word: weight / length for word, weight in weights.items()}


def _cosine(query: Vector, file: Vector) -> float:
    return sum(weight * file.get(word, 0.0) for word, weight in query.items())


def _shown(root: str, path: str, score: float, words: set[str], phrases: Sequence[str]) -> Iterator[Hit]:
    """Yield a file as an answer, unless what the query asks for is masked in it."""
    lines = lines_of(root, path, None)
    if isinstance(lines, Skipped):
        return
    text = "\n".join(lines)
    if not all(phrase in text for phrase in phrases) or (words and words.isdisjoint(_words(text))):
        return
    end = max(1, len(lines) - (lines[-1] == ""))
    start, snippet = _snippet(lines[:end], words)
    score = round(score, 4)
    yield Hit(path, 1, end, "", "text", score, (("tf_idf", score),), "\n".join(snippet), start + 1)


def _snippet(lines: Sequence[str], words: set[str]) -> tuple[int, Sequence[str]]:
    """Return the window of lines with the most words of the query, and how many lines are before it."""
    counts = [len(words.intersection(_words(line))) for line in lines]
    starts = range(max(1, len(lines) - _SNIPPET_LINES + 1))
    best = max(starts, key=lambda start: sum(counts[start : start + _SNIPPET_LINES]))
    return best, lines[best : best + _SNIPPET_LINES]
