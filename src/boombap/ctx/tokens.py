"""Text to search terms: one function for what is indexed and what is asked.

An identifier gives itself (``RouterGroup`` and ``router_group`` both ``routergroup``) and its parts, reduced to their
stems. Chinese, Japanese and Korean runs give pairs of characters, and no compound. `VERSION` changes with every change
of the terms: an index of another version is rebuilt.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

VERSION = 2
_LONGEST = 64
_SHORTEST_STEM = 3
_WORD = re.compile(r"\w+(?:-\w+)*")
_ASCII_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_LETTERS = re.compile(r"[^\W\d_]+|\d+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_CYRILLIC = re.compile(r"[\u0430-\u0451]")
_VOWEL = re.compile(r"[aeiouy]")
# The longest first, so that a short ending never hides a long one.
_RUSSIAN_ENDINGS = tuple(
    sorted(
        (
            "иями ями ами ого его ому ему ыми ими аться яться иться еться ется ится ать ять ить еть ешь "
            "ишь ает яет ует ил ала ила ели али или ов ев ей ой ый ий ая яя ое ее ые ие ых их ую юю ам "
            "ям ах ях ом ем ия ию ии ием а я о е ы и у ю ь й"
        ).split(),
        key=len,
        reverse=True,
    )
)
_terms_of: dict[str, tuple[str, ...]] = {}
_CACHE_LIMIT = 200_000


def terms(text: str) -> list[str]:
    """Return the search terms of a text in its order, repeats included.

    >>> terms("parse HTTPRequest, snake_case and oauth2")
    ['pars', 'httprequest', 'http', 'request', 'snakecase', 'snak', 'case', 'and', 'oauth2', 'oauth']
    >>> terms("Обработчики")
    ['обработчик']
    """
    if not text.isascii():
        from unicodedata import normalize

        text = normalize("NFKC", text)
    result: list[str] = []
    extend, known = result.extend, _terms_of
    for word in _WORD.findall(text):
        cached = known.get(word)
        extend(_remember(word) if cached is None else cached)
    return result


def _remember(word: str) -> tuple[str, ...]:
    if len(_terms_of) >= _CACHE_LIMIT:
        _terms_of.clear()
    made = tuple(_of_word(word))
    _terms_of[word] = made
    return made


def _of_word(word: str) -> Iterable[str]:
    if len(word) > _LONGEST:
        pieces = [piece for piece in re.split(r"[_-]+", word) if len(piece) <= _LONGEST]
        return [term for piece in pieces if piece for term in _of_word(piece)]
    parts = [fold(part) for part in _parts(word)]
    if not parts:
        return ()
    if len(parts) == 1:
        return (stem(parts[0]),)
    named = [] if _CJK.search(word) else _compounds(parts)
    stems = [stem(part) for part in parts if len(part) > 1 and not part.isdigit()]
    return dict.fromkeys((*named, *stems))


def _compounds(parts: Sequence[str]) -> list[str]:
    whole = "".join(parts)
    return [whole, whole.rstrip("0123456789") or whole] if parts[-1].isdigit() else [whole]


def _parts(word: str) -> list[str]:
    if word.isascii():
        return _ASCII_PART.findall(word)
    parts: list[str] = []
    for part in _LETTERS.findall(word):
        start = 0
        for run in _CJK.finditer(part):
            parts += _letters(part[start : run.start()])
            parts += _pairs(run[0])
            start = run.end()
        parts += _letters(part[start:])
    return parts


def _letters(part: str) -> list[str]:
    return _ASCII_PART.findall(part) if part.isascii() else [part]


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[index : index + 2] for index in range(len(run) - 1)]


def written(text: str, term: str) -> str:
    """Return the first word of a text that gives a term, or the part of it that does, as written; or nothing.

    >>> written("never acquires", "acquir"), written("ConnectionPool", "connect"), written("pool", "x")
    ('acquires', 'Connection', '')
    """
    for word in _WORD.findall(text):
        forms = terms(word)
        if term in forms:
            return word if forms[0] == term else next((part for part in _parts(word) if stem(fold(part)) == term), word)
    return ""


def fold(word: str) -> str:
    """Return a word without case, and with one letter where people write two.

    >>> fold("Ёлка"), fold("STRASSE") == fold("straße")
    ('елка', True)
    """
    return word.casefold().replace("ё", "е")


def stem(word: str) -> str:
    """Return the stem of a folded word: English endings, Russian endings, else the word.

    >>> [stem(word) for word in ("routes", "routing", "routed", "route", "dependencies", "validation", "class")]
    ['rout', 'rout', 'rout', 'rout', 'dependency', 'validat', 'class']
    """
    if len(word) <= _SHORTEST_STEM:
        return word
    if word.isascii():
        return _english(word)
    return _russian(word) if _CYRILLIC.search(word) else word


def _english(word: str) -> str:
    word = _singular(word)
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest is not word and len(rest) >= _SHORTEST_STEM and _VOWEL.search(rest):
            is_doubled = rest[-1] == rest[-2] and rest[-1] not in "lsz"
            return _without_e(rest[:-1] if is_doubled else rest)
    for ending in ("ization", "isation"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word.removesuffix(ending) + "iz"
    if word.endswith(("tion", "sion")) and len(word) > len("tion") + 2:
        return word.removesuffix("ion")
    return _without_e(word)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > len("ties"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _without_e(word: str) -> str:
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM + 1 else word


def _russian(word: str) -> str:
    for ending in _RUSSIAN_ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word.removesuffix(ending)
    return word
