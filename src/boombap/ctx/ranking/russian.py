"""English words for Russian ones of programming, for questions to code that is written in English.

`russian.tsv` has a line per idea: Russian words, a tab, English words, the more usual first. It is read only when a
question holds a Russian word that the index does not.
"""

from __future__ import annotations

import os

from boombap.ctx.tokens import terms

_FILE = os.path.join(os.path.dirname(__file__), "russian.tsv")


def is_russian(term: str) -> bool:
    """Tell whether a term begins with a Cyrillic letter.

    >>> is_russian("очеред"), is_russian("queue")
    (True, False)
    """
    return "\u0430" <= term[:1] <= "\u044f"


def table() -> dict[str, tuple[str, ...]]:
    """Return the English terms for each Russian term that the file knows."""
    english: dict[str, tuple[str, ...]] = {}
    with open(_FILE, encoding="utf-8") as lines:
        for line in lines:
            russian, _, words = line.partition("\t")
            for term in terms(russian):
                english.setdefault(term, tuple(terms(words)))
    return english
