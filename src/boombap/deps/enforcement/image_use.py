"""An image that a file names, and why it is not one that a verdict can be about."""

from __future__ import annotations

import re

from boombap.record import Record

_PINNED = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
_VARIABLE = re.compile(r"\$|\{\{")

NO_DIGEST = "no digest"
OTHER_DIGEST = "its digest is not sha256: and 64 digits in lower case"
VARIABLE = "a variable, whose value is not in this file"
UNKNOWN_FORM = "the value of image is not the name of one"


class ImageUse(Record):
    """One place that names an image.

    Attributes:
        file: as it was given; ``-`` for stdin.
        line: counted from 1.
        object: kind, namespace and name, ``service NAME`` or ``stage NAME``; empty where nothing says it.
        container: its name; empty without one.
        image: as it is written; empty for a value that is not a name.
    """

    file: str
    line: int
    object: str
    container: str
    image: str

    @property
    def reason(self) -> str:
        """Return why the image is not pinned; empty when it is.

        >>> ImageUse("", 1, "", "", "app:1@sha256:" + 64 * "a").reason
        ''
        >>> ImageUse("", 1, "", "", "app:1").reason
        'no digest'
        """
        if not self.image:
            return UNKNOWN_FORM
        if _PINNED.fullmatch(self.image) and not _VARIABLE.search(self.image):
            return ""
        if _VARIABLE.search(self.image):
            return VARIABLE
        return OTHER_DIGEST if "@" in self.image else NO_DIGEST
