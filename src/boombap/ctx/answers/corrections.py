"""What is searched for in the place of words that the index does not hold: English for Russian, the nearest else."""

from __future__ import annotations

from boombap.ctx.answers.candidates import MOST_TERMS
from boombap.ctx.indexing import postings
from boombap.ctx.model import Skipped
from boombap.ctx.ranking import fuzzy, russian
from boombap.ctx.tokens import terms, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from boombap.ctx.indexing.index import Index
    from boombap.ctx.ranking.score import Question

_MOST_TRANSLATIONS = 2
_HOLDS_SQL = """
SELECT path, start, stop FROM chunks JOIN files ON files.id = file
WHERE chunks.id IN (SELECT value FROM json_each(?)) ORDER BY chunks.id LIMIT 5
"""


def corrected(
    index: Index,
    query: str,
    asked: Question,
    exact: Sequence[str],
    on_correction: Callable[[str, str], None] | None,
) -> Question:
    """Return a question whose Russian and misspelt words are replaced by what the index has.

    Args:
        index: of the tree that is searched.
        query: the question as it was written.
        asked: the same, read.
        exact: texts in it that are meant as they are written.
        on_correction: told of each word that was replaced, and by which.
    """
    quoted = {term for text in exact for term in terms(text)}
    # A quoted text is meant as it stands; a compound counts as a name that somebody wrote, or not at all.
    absent = set(fuzzy.missing(index.database, asked.terms[:MOST_TERMS])) & (asked.words | asked.symbols) - quoted
    changes = _translated(index, sorted(filter(russian.is_russian, absent)))
    for term in sorted(absent - changes.keys()):
        other = fuzzy.nearest(index.database, term) or fuzzy.by_prefix(index.database, term)
        if other:
            changes[term] = (other,)
    if not changes:
        return asked
    if on_correction:
        for word, other in _as_words(index, query, changes).items():
            on_correction(word, other)
    return _renamed(asked, changes)


def _translated(index: Index, asked_terms: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return up to two English terms of the index for each Russian one that has such."""
    table = russian.table() if asked_terms else {}
    english = {term: table[term] for term in asked_terms if term in table}
    absent = set(fuzzy.missing(index.database, {other for others in english.values() for other in others}))
    held = {term: tuple(other for other in others if other not in absent) for term, others in english.items()}
    return {term: others[:_MOST_TRANSLATIONS] for term, others in held.items() if others}


def _renamed(asked: Question, changes: Mapping[str, tuple[str, ...]]) -> Question:
    renamed = tuple(dict.fromkeys(other for term in asked.terms for other in changes.get(term, (term,))))
    words = frozenset(other for word in asked.words for other in changes.get(word, (word,)))
    named = {other for word in changes if asked.is_symbol or word in asked.symbols for other in changes[word]}
    spellings = asked.spellings if not named else frozenset[str]()
    return asked.replace(
        terms=renamed, words=words, symbols=asked.symbols | named, spellings=spellings, corrected=changes
    )


def _as_words(index: Index, query: str, changes: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the changes as a person would write them; of a compound and its parts only the compound is named."""
    pairs = [
        (written(query, term), " ".join(_in_tree(index, other) for other in others)) for term, others in changes.items()
    ]
    pairs = [(word, other) for word, other in pairs if word and other]
    return {word: other for word, other in pairs if not any(word != longer and word in longer for longer, _ in pairs)}


def _in_tree(index: Index, term: str) -> str:
    """Return a word of the tree that gives a term of the index; the term itself where the files have changed."""
    chunks = "[" + ",".join(str(chunk) for chunk, _ in postings.read(index.database, term)) + "]"
    reader = index.reader()
    for path, start, stop in index.database.execute(_HOLDS_SQL, (chunks,)):
        lines = reader.part(path, start, stop)
        word = written("\n".join([path, *(() if isinstance(lines, Skipped) else lines)]), term)
        if word:
            return word
    return term
