"""Artists that changed their name: what rows call them, and what Spotify calls them today.

Only those whose old name is still common in credits; each is one person with one profile, so that the old and the new
name may stand for each other. Sources: the artists' profiles on Spotify and MusicBrainz (aliases).
"""

from __future__ import annotations

from functools import lru_cache

from boombap.spotify.matching.normalize import name_key

# What Spotify calls them first.
_NAMES = (
    ("Ye", "Kanye West"),
    ("Diddy", "Puff Daddy", "P. Diddy", "Sean Combs"),
    ("mgk", "Machine Gun Kelly"),
    ("Yasiin Bey", "Mos Def"),
    ("Ms. Lauryn Hill", "Lauryn Hill"),
    ("Snoop Dogg", "Snoop Doggy Dogg"),
    ("Bow Wow", "Lil' Bow Wow"),
    ("2 Chainz", "Tity Boi"),
)


def current_name(name: str) -> str:
    """Return what Spotify calls an artist today; the name as it is when it is not one that changed.

    >>> current_name("Kanye West"), current_name("Mos Def"), current_name("Eminem")
    ('Ye', 'Yasiin Bey', 'Eminem')
    """
    return _current().get(name_key(name), name)


def same_artist(name: str, other_name: str) -> bool:
    """Tell whether two keys are names of one artist, by the table."""
    groups = _groups()
    return name in groups and groups[name] == groups.get(other_name)


@lru_cache(maxsize=1)
def _current() -> dict[str, str]:
    return {name_key(old): names[0] for names in _NAMES for old in names[1:]}


@lru_cache(maxsize=1)
def _groups() -> dict[str, int]:
    return {name_key(name): number for number, names in enumerate(_NAMES) for name in names}
