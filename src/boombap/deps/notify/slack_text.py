"""Text from outside for Slack: what would mention people, link or control something stays text, within a limit.

Source: https://docs.slack.dev/messaging/formatting-message-text (three characters are escaped, and count escaped).
"""

from __future__ import annotations

import re

from boombap.output.terminal import printable

_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Mentions of a whole channel need <!channel>, which is escaped; receivers that speak Slack's form also know these.
_MENTION = re.compile(r"@(?=here|channel|everyone|all\b)", re.IGNORECASE)
_ELLIPSIS = "…"
_LAST_SINGLE = "\uffff"


def fit(text: str, limit: int) -> str:
    r"""Return a text escaped, with at most `limit` UTF-16 units; a longer one is cut and ends with an ellipsis.

    >>> fit("<!channel> & co", 100), fit("a<<<", 8), fit("a\nb", 9)
    ('&lt;!channel&gt; &amp; co', 'a&lt;…', 'a\\nb')
    """
    # Every character takes a unit at least, so what is behind the limit need not be looked at.
    shown = _MENTION.sub("@\u200b", printable(text[: limit + 1]))
    pieces = [_ESCAPED.get(character, character) for character in shown]
    units = sum(map(_units, pieces))
    if units <= limit:
        return "".join(pieces)
    while units > limit - len(_ELLIPSIS):
        units -= _units(pieces.pop())
    return "".join(pieces) + _ELLIPSIS


def code(text: str, limit: int) -> str:
    """Return a text as code, with at most `limit` units inside; a backtick in it cannot end it."""
    shown = fit(text.replace("`", "'"), limit)
    return f"`{shown}`"


def _units(piece: str) -> int:
    return 2 if piece > _LAST_SINGLE else len(piece)
