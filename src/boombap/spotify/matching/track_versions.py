"""Which version of a song a part of its title names: a remix, a live take, a sped-up one, or none of its own.

Works on folded text (`normalize.fold`): lower case, words between single spaces. A version that is another recording
gives a tag, and tags must agree before two titles may be the same; "Remastered 2009", "Album Version" and "From the
film" are the same recording and give none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Recorded for a station or a house, at one go.
_SESSION = "(?:bbc|peel|radio|maida vale|spotify|tiny desk|kexp)(?: \\w+)* (?:sessions?|concert)"
# In this order, because each one takes its words away before the next looks: "radio mix" is an edit, not a remix.
_TAGS = tuple(
    (tag, re.compile(rf"\b(?:{words})\b"))
    for tag, words in (
        ("karaoke", "karaoke|backing track|(?:made famous|originally performed|originally) by|in the style of|tribute"),
        ("cover", "cover(?:ed)?(?: version)?"),
        ("sped up", "sped ?up|speed ?up|speeded up|nightcore"),
        ("re-recorded", "re ?record(?:ed|ing)"),
        ("slowed", "slowed(?: down)?(?: and reverb| reverb)?|(?:chopped (?:and |n )?)?screwed|chopped not slopped"),
        ("live", _SESSION),
        ("acapella", "a ?capp?ella"),
        ("8d", "8d(?: audio)?"),
        ("commentary", "(?:track by track )?commentary|track by track"),
        (
            "alternate",
            "alternat(?:e|ive)(?: (?:take|mix))?|out ?takes?|take(?= \\d)|(?:rough|monitor) mix|rehearsal|work ?tape",
        ),
        ("extended", "extended(?: mix| version| edit)?|12 (?:inch )?(?:mix|version|edit)"),
        ("edit", "(?:radio|single|short|7|7 inch|tv) (?:edit|version|mix|cut)|radio|edit"),
        ("mixed", "mixed"),
        ("remix", "re ?mix(?:ed)?|rmx|mix|rework(?:ed)?|bootleg|vip|dub|flip|refix|mash ?up"),
        ("live", "live|unplugged|recorded (?:at|from)"),
        ("acoustic", "acoustic"),
        ("instrumental", "instrumental"),
        ("freestyle", "freestyle"),
        ("interlude", "interlude"),
        ("skit", "skit"),
        ("intro", "intro(?:duction)?"),
        ("outro", "outro"),
        ("demo", "demo"),
        ("snippet", "snippet|preview"),
        ("reprise", "reprise"),
        ("medley", "medley"),
        ("orchestral", "orchestral?|symphonic"),
        ("translation", "translation|perevod"),
        ("version", "version"),
    )
)
_EDGES = re.compile(
    r"^(?:karaoke|backing track|(?:made famous|originally performed) by|in the style of|tribute to|cover|sped ?up"
    r"|slowed|chopped|a ?capp?ella|extended|radio (?:edit|version|mix)|remix|acoustic|instrumental|freestyle|interlude"
    r"|skit|intro|outro|demo|snippet|reprise|medley|orchestral|unplugged)\b"
    r"|\b(?:karaoke|backing track|tribute|cover|sped ?up|speed ?up|nightcore|slowed|reverb|screwed|slopped|a ?capp?ella"
    r"|extended|edit|cut|mixed|re ?mix|remixed|rmx|mix|rework|bootleg|vip|dub|flip|refix|mash ?up|unplugged|acoustic"
    r"|instrumental|freestyle|interlude|skit|intro|outro|demo|snippet|reprise|medley|translation|perevod|version"
    r"|8d audio|commentary|track by track|alternate take|out ?takes?|take \d+|rehearsal|work ?tape)$"
    rf"|^{_SESSION}"
)
# These speak of a recording at any place of a part: "Take 2 (1996 re-recorded stereo)".
_ANYWHERE = re.compile(r"\b(?:karaoke|re ?record(?:ed|ing)|re ?mix(?:ed)?|rmx|nightcore|a ?capp?ella|mash ?up)\b")
# "Live" is a word of many titles; only these uses of it speak of a concert, and a place or a date behind it.
_LIVE = re.compile(
    r"^live(?:$| (?:at|in|from|on|version|sessions?|performance|acoustic|recording|\d))|(?:^| )live(?: version)?$"
    r"|\b(?:live|recorded) (?:at|from) |\brecorded live\b"
    r"|^live (?!(?:and|or|a|the|my|your|our|it|up|for|to|with|without|like|life|now|forever|free|fast|young|again|this"
    r"|that|me|off|by|through|more|high|large|right|long|together|today|tonight|love|laugh|is|alone)\b)\w"
)
_SAME = re.compile(
    r"(?:(?:the )?(?:original|album|lp|ep|single|full|full length|main|standard|soundtrack|mono|stereo|clean|explicit"
    r"|dirty|edited|uncensored|censored|uncut|deluxe|bonus)"
    r"(?: (?:version|mix|edition|track|album|recording))?(?: edited)?"
    r"|(?:\d{4} )?(?:digital(?:ly)? |original )?(?:mono |stereo )?re ?master(?:ed|ing)?(?: version| edition)?"
    r"(?: \d{4})?"
    r"|(?:official |lyric |music )*(?:video|audio|visualizer|lyrics)|hd|hq|4k|the (?:mono|stereo) album"
    r"|(?:theme |love theme |music |end title )*from (?:.+)|(?:.+ )?soundtrack|\d{4} recording)"
)
_TRAILING = re.compile(
    r"(?<=[a-z0-9*]) (remix|freestyle|interlude|skit|intro|outro|instrumental|reprise|acapella|sped up|radio edit)$"
)
_FILLING = re.compile(r"\b(?:the|official|original|version|album|clean|explicit|edited|re ?master(?:ed)?)\b")


class Version(NamedTuple):
    """What a part of a title says about the recording.

    Attributes:
        tags: kinds of versions that are recordings of their own.
        detail: whose or which one, where it says so: "filatov and karas" of a remix.
    """

    tags: frozenset[str] = frozenset()
    detail: str = ""


_THE_SAME = Version()
ALONE = frozenset({"freestyle", "instrumental", "interlude", "intro", "outro", "remix", "reprise", "skit"})


@lru_cache(maxsize=512)
def read_version(folded: str) -> Version | None:
    """Read a bracket or what follows a dash; None when it does not speak of a version.

    >>> read_version("remastered 2009"), read_version("cable car")
    (Version(tags=frozenset(), detail=''), None)
    >>> read_version("todd terry remix")
    Version(tags=frozenset({'remix'}), detail='todd terry')
    """
    if _SAME.fullmatch(folded):
        return _THE_SAME
    if not (_EDGES.search(folded) or _ANYWHERE.search(folded) or _LIVE.search(folded)):
        return None
    rest, tags = folded, set()
    for tag, words in _TAGS:
        rest, count = words.subn(" ", rest)
        if count:
            tags.add(tag)
    if len(tags) > 1:
        tags.discard("version")
    return Version(frozenset(tags), " ".join(_FILLING.sub(" ", rest).split()))


def take_trailing_versions(folded: str) -> tuple[str, frozenset[str]]:
    """Take the version words off the end of a title that writes them without brackets; the first word always stays.

    >>> take_trailing_versions("back to business freestyle")
    ('back to business', frozenset({'freestyle'}))
    """
    tags = set()
    while matched := _TRAILING.search(folded):
        tags.add({"radio edit": "edit"}.get(matched[1], matched[1]))
        folded = folded[: matched.start()]
    if folded in ALONE:
        tags.add(folded)
    return folded, frozenset(tags)
