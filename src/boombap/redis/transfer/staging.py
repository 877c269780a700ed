"""Names for values that are still being written: in the slot of their key, and with a short life."""

from __future__ import annotations

import os
from itertools import count

from boombap.clients.redis.slots import slot_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LIFE_MS = 600_000
"""How long a key that a killed run leaves behind lives on; renewed with every window."""
_MARK = b":boombap-"


class Names:
    """Gives each key a name of its own that no other run uses.

    A name begins with its key, so that a user who may write `lyrics:*` only may write it too.

    Args:
        in_slot: whether the name must hash to the slot of the key, as a Cluster's RENAME demands.
    """

    def __init__(self, *, in_slot: bool) -> None:
        self._in_slot = in_slot
        self._nonce = os.urandom(6).hex().encode()
        self._numbers = count()
        # By slot: a number that hashes to it, as far as they were needed.
        self._tags: dict[int, int] = {}
        self._untried = count()

    def of(self, key: bytes) -> bytes:
        """Return a name for what will be renamed to a key."""
        name = b"%b%b%b-%d" % (key, _MARK, self._nonce, next(self._numbers))
        if not self._in_slot or slot_of(name) == slot_of(key):
            return name
        if b"{" not in name:
            return b"%b{%d}" % (name, self._tag(slot_of(key)))
        # The server looks for the tag at the first brace: `a{b` has none until a closing one follows, `{}a` has none.
        return next(longer for longer in _longer(name) if slot_of(longer) == slot_of(key))

    def _tag(self, slot: int) -> int:
        while slot not in self._tags:
            number = next(self._untried)
            self._tags.setdefault(slot_of(b"%d" % number), number)
        return self._tags[slot]


def _longer(name: bytes) -> Iterator[bytes]:
    """Yield names that begin alike and hash to every slot."""
    for number in count():
        yield b"%b{%d}" % (name, number)
