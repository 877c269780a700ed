"""What a title and an artist are called once spelling is out of the way: the same song, the same text.

`fold` takes away what writers differ in (case, accents, scripts, apostrophes, `$` for s, `&` for and). `read_title`
takes a title apart: the song, its subtitle, the versions it names and who is featured; `read_credit` does so for an
artist's line. Nothing here guesses: "Tyler, The Creator" stays one name, and the reading as two is kept beside it.

Texts are cut at 300 characters, so that none costs more than 0.2 ms.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii

from boombap.spotify.matching.track_versions import Version, read_version, take_trailing_versions

_LONGEST = 300
_LONGEST_FOLDED = 1000  # one character of other scripts may become ten letters
# Names repeat (441 artists in 57,718 tracks), and so do titles among search results: a hit costs 0.1 us.
_CACHED_NAMES = 1_024
_CACHED_TITLES = 1_024
# Shared, because an empty set has 216 bytes, and most titles have neither tags nor guests.
_NONE: frozenset[str] = frozenset()

_NO_LETTERS = frozenset(("So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn"))  # emoji, steering marks, what is not assigned
_KEPT = "abcdefghijklmnopqrstuvwxyz0123456789*"
_SPACED = {code: " " for code in range(128) if chr(code) not in _KEPT}
_SPECIAL = re.compile(r"[$!&+*.'`@]")
_RULES = tuple(
    (mark, re.compile(pattern), instead)
    for mark, pattern, instead in (
        ("$", r"(?<=[a-z])\$|\$(?=\$*[a-z])", "s"),
        ("!", r"(?<=[a-z])!(?=[a-z])", "i"),
        ("@", r"(?<=[a-z])@(?=[a-z])", "a"),
        ("&", r"&", " and "),
        ("+", r" \+ ", " and "),
        (".", r"(?<![a-z0-9])([a-z0-9])\.(?=[a-z0-9])", r"\1"),  # initials: "B.o.B"
        ("'", r"(?<=[a-z]in)'(?![a-z0-9])", "g"),  # "goin'" is going; "ain't" is not
        ("'", r"'+", ""),
        ("*", r"\*+", "*"),
        ("*", r"(?<![a-z])\*", " "),  # a star in a word stands for letters, one before it for nothing
    )
)
# Most titles are ASCII but for these; NFKC would make a space of the acute accent.
_PLAIN = str.maketrans(
    dict.fromkeys("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{ACUTE ACCENT}`", "'")
)

_APART = re.compile(r"[(\[{]|\s[-\N{EN DASH}\N{EM DASH}]+\s")
_BRACKET = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH = re.compile(r"\s+[-\N{EN DASH}\N{EM DASH}]+\s+")
_PIECES = re.compile(r"[;/,]")
_FEATURING = re.compile(r"(?:^|(?<=[\s(\[;,]))(?:feat(?:uring)?|ft)(?:[.,:]\s*|\s+)(?=\S)", re.IGNORECASE)
_WITH = re.compile(r"\s*(?:with\s+|w/\s*)", re.IGNORECASE)
_PRODUCED = re.compile(r"\s*prod(?:uced)?[.\s]", re.IGNORECASE)
_LISTED = re.compile(r"\s*[,;/]\s*|\s+(?:&|\+|x|\N{MULTIPLICATION SIGN}|(?i:and|vs\.?|with|feat\.?|ft\.?))\s+")
# A name of one word before it may be the band's own: "Florence & The Machine".
_BACKED = re.compile(r"((?!the )\S+ .*?\S) (?:and|with) (?:the|his|her) (?!.*(?:tribute|karaoke))\S.*")
_PART = re.compile(r"\b(?:pt|part|vol|volume|chapter)(?: ([a-z]+|\d+)|(\d+))\b")
_IS_PART = re.compile(r"part \d+(?: of \d+)?")
_QUERY_SIGNS = re.compile(r"[\"*:()\[\]{}\x00-\x1f]")
_LONGEST_QUERY = 100
_BETWEEN = (", ", "; ", " & ", " / ")
_NUMBER = re.compile(r"\d+")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_FIGURES = {word: str(number) for words in (_ROMAN, _WORDS) for number, word in enumerate(words, 1)}


class Title(NamedTuple):
    """A title taken apart; texts are folded, keys are folded without spaces.

    Attributes:
        text: the song without subtitle, version and guests.
        key: the same, to compare; a `*` in it stands for letters that were censored.
        full: key of the song with its subtitles, in the order of the title.
        subtitle: key of the subtitles alone.
        tags: the versions that it names, see `track_versions`.
        detail: which one of them.
        featured: keys of the guests.
        numbers: the numbers in `full`, in order and without leading zeros: parts, years, "2" for to.
    """

    text: str
    key: str
    full: str
    subtitle: str = ""
    tags: frozenset[str] = frozenset()
    detail: str = ""
    featured: frozenset[str] = frozenset()
    numbers: tuple[str, ...] = ()


class Credit(NamedTuple):
    """An artist's line taken apart, all as keys.

    Attributes:
        whole: everything before the guests, read as one name.
        parts: the same, read as a list; empty when it does not look like one.
        featured: the guests.
    """

    whole: str
    parts: frozenset[str] = frozenset()
    featured: frozenset[str] = frozenset()


def fold(text: str) -> str:
    """Return a text in lower-case ASCII words; of a text without letters its symbols, so that "÷" is not nothing.

    >>> fold("Pi’erre Bourne"), fold("Curren$y"), fold("B.o.B"), fold("Goin’ Bad & F**k It")
    ('pierre bourne', 'currensy', 'bob', 'going bad and f*k it')
    """
    text = text[:_LONGEST]
    if text.isascii():
        return _fold_ascii(text) or _symbols(text)
    plain = text.translate(_PLAIN)
    return _fold_ascii(plain if plain.isascii() else _to_ascii(plain)) or _symbols(text)


@lru_cache(maxsize=_CACHED_NAMES)
def name_key(name: str) -> str:
    """Return what an artist's name is compared by.

    >>> name_key("The Notorious B.I.G."), name_key("E-40"), name_key("A*M*E"), name_key("P!nk")
    ('notoriousbig', 'e40', 'ame', 'pink')
    """
    folded = fold(name.replace("*", ""))
    return _squeeze(folded.removeprefix("the "))


@lru_cache(maxsize=_CACHED_NAMES)
def front_key(name: str) -> str:
    """Return the key of whom a backing band plays behind; the whole name's when it names none.

    >>> front_key("Bob Seger & The Silver Bullet Band"), front_key("Katrina & The Waves")
    ('bobseger', 'katrinaandthewaves')
    """
    matched = _BACKED.fullmatch(fold(name))
    return name_key(matched[1]) if matched else name_key(name)


@lru_cache(maxsize=_CACHED_NAMES)
def read_credit(line: str) -> Credit:
    """Take an artist's line apart.

    >>> credit = read_credit("Drake feat. Rihanna & Future")
    >>> credit.whole, sorted(credit.featured)
    ('drake', ['future', 'rihanna'])
    >>> credit = read_credit("Tyler, The Creator")
    >>> credit.whole, sorted(credit.parts)
    ('tylerthecreator', ['creator', 'tyler'])
    """
    line = line[:_LONGEST]
    guests = frozenset[str]()
    matched = _FEATURING.search(line)
    if matched and (before := line[: matched.start()].strip(" ([,;")):
        guests = _list_names(line[matched.end() :])
        line = before
    parts = _list_names(line)
    return Credit(name_key(line), parts if len(parts) > 1 else frozenset(), guests)


@lru_cache(maxsize=_CACHED_TITLES)
def read_title(title: str) -> Title:
    """Take a title apart.

    >>> read_title("Breathe (feat. Sean Paul) - Rap Version").key, sorted(read_title("Ignition - Remix").tags)
    ('breathe', ['remix'])
    """
    title = title[:_LONGEST]
    if not title.isascii():
        title = unicodedata.normalize("NFKC", title.translate(_PLAIN))
    taken = _Taken()
    song = _take_pieces(title, taken) if _APART.search(title) else title
    text = _take_ends(" ".join([fold(_take_guests(song, taken)), *taken.parts]).strip(), taken)
    text = text or _squeeze(" ".join(taken.before + taken.subtitles)) or _take_ends(fold(title), taken)
    return Title(
        text,
        _squeeze(text),
        _squeeze("".join([*taken.before, text, *taken.subtitles])),
        _squeeze("".join(taken.before + taken.subtitles)),
        frozenset(taken.tags) or _NONE,
        " ".join(taken.details),
        frozenset(taken.featured) or _NONE,
        tuple(number.lstrip("0") or "0" for number in _NUMBER.findall(text)),
    )


def searchable(text: str) -> str:
    """Return a title or an artist's line as the Web API's search takes it: no guests, no signs of its query language.

    Scripts stay as they are, because the search knows them.

    >>> searchable('Say "Hi": The *Remix* (feat. Eve)'), searchable("Ёлка")
    ('Say Hi The Remix', 'Ёлка')
    """
    matched = _FEATURING.search(text, 1)
    plain = " ".join(_QUERY_SIGNS.sub(" ", text[: matched.start()] if matched else text).split())
    return _cut_at_name(plain) or _cut_at_name(" ".join(_QUERY_SIGNS.sub(" ", text).split()))


def _cut_at_name(line: str) -> str:
    """Return what a search may be as long as, cut where a name of a list or a word ends."""
    if len(line) <= _LONGEST_QUERY:
        return line
    line = line[: _LONGEST_QUERY + 1]
    ends = (max(line.rfind(sign) for sign in _BETWEEN), line.rfind(" "))
    return line[: next((end for end in ends if end > _LONGEST_QUERY // 2), _LONGEST_QUERY)]


class _Taken:
    """What was taken off a title so far."""

    __slots__ = ("before", "details", "featured", "has_version", "parts", "subtitles", "tags")

    def __init__(self) -> None:
        self.before: list[str] = []
        self.subtitles: list[str] = []
        self.parts: list[str] = []
        self.tags: set[str] = set()
        self.details: list[str] = []
        self.featured: set[str] = set()
        self.has_version = False  # what follows a version tells more about it: "Live at X - March 1992"


def _take_pieces(title: str, taken: _Taken) -> str:
    """Take the brackets and what follows a dash off a title and give the rest."""
    while matched := _BRACKET.search(title):
        before = title[: matched.start()]
        _take(matched[1], taken, taken.subtitles if before.strip() else taken.before)
        title = f"{before} {title[matched.end() :]}"
    song, *others = _DASH.split(f" {title}")
    if not song.strip():
        return title
    for other in others:
        _take(other, taken, taken.subtitles)
    return song


def _take(piece: str, taken: _Taken, subtitles: list[str]) -> None:
    """Put a piece of a title where it belongs."""
    if (matched := _FEATURING.search(piece)) or (matched := _WITH.match(piece)):
        taken.featured |= _list_names(piece[matched.end() :])
        piece = piece[: matched.start()]
    if _PRODUCED.match(piece):
        return
    folded = _count_parts(fold(piece))
    if _IS_PART.fullmatch(folded):
        taken.parts.append(folded)
    elif _take_several(piece, taken):
        return
    elif version := read_version(folded):
        _note(version, taken)
    elif folded and not taken.has_version:
        subtitles.append(folded)


def _take_several(piece: str, taken: _Taken) -> bool:
    """Take "Mono; 2001 Remaster" or "Pt. 1 / Radio Edit" apart; say whether it names a version."""
    if not _PIECES.search(piece):
        return False
    folded = [_count_parts(fold(part)) for part in _PIECES.split(piece)]
    versions = [version for part in folded if (version := read_version(part))]
    if not versions:
        return False
    for version in versions:
        _note(version, taken)
    taken.parts += [part for part in folded if _IS_PART.fullmatch(part)]
    return True


def _note(version: Version, taken: _Taken) -> None:
    taken.has_version = True
    taken.tags |= version.tags
    if version.detail:
        taken.details.append(version.detail)


def _take_guests(title: str, taken: _Taken) -> str:
    """Take "feat. X" off the end of a title that has something before it."""
    matched = _FEATURING.search(title)
    if not matched or not fold(title[: matched.start()]):
        return title
    taken.featured |= _list_names(title[matched.end() :])
    return title[: matched.start()]


def _take_ends(folded: str, taken: _Taken) -> str:
    """Take guests and versions off the end of a folded title until none is left."""
    while True:
        text, tags = take_trailing_versions(_count_parts(_take_guests(folded, taken).strip()))
        taken.tags |= tags
        if text == folded:
            return text
        folded = text


def _list_names(line: str) -> frozenset[str]:
    return frozenset(key for name in _LISTED.split(line.strip(" )]")) if (key := name_key(name)))


def _count_parts(folded: str) -> str:
    """Write parts and volumes with a figure: "part ii", "pt 2" and "vol 2" are the same second part."""
    return _PART.sub(_count_part, folded)


def _count_part(matched: re.Match[str]) -> str:
    word = matched[1] or matched[2]
    figure = _FIGURES.get(word, word)
    return f"part {figure.lstrip('0') or '0'}" if figure.isdigit() else matched[0]


def _squeeze(folded: str) -> str:
    return folded.replace(" ", "")


def _fold_ascii(text: str) -> str:
    text = text.lower()
    if _SPECIAL.search(text):
        text = text.replace("`", "'")
        for mark, pattern, instead in _RULES:
            if mark in text:
                text = pattern.sub(instead, text)
    folded = " ".join(text.translate(_SPACED).split())
    if " n " not in folded:
        return folded
    first, *words = folded.split()
    return " ".join([first, *("and" if word == "n" else word for word in words[:-1]), words[-1]])


def _to_ascii(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    return anyascii("".join(c for c in text if unicodedata.category(c) not in _NO_LETTERS))[:_LONGEST_FOLDED]


def _symbols(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("*", "\N{ASTERISK OPERATOR}")
    return "".join(c for c in text if not c.isspace() and c not in "()[]{}" and unicodedata.category(c)[0] != "C")
