"""How a search is worse than it should be, as users of the real Web API report it.

Source: github.com/spotify/web-api/issues/1212 (names with an apostrophe), and threads of the developer forum.
"""

from __future__ import annotations

from enum import StrEnum


class Quirk(StrEnum):
    """A way in which it is worse."""

    STRICT = "strict"
    """Filters miss names with an apostrophe or a dot."""
    SHUFFLE = "shuffle"
    """Each ten results come in a random order, the same one for a query and a seed."""
    PAD = "pad"
    """Popular entries that do not match fill up the results."""
