"""References to images that name a digest: what a verdict can be about, since a tag may be moved."""

from __future__ import annotations

import re

from boombap.errors import UsageError
from boombap.record import Record

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_OTHER_DIGEST = re.compile(r"[a-z0-9+._-]+:[0-9a-f]{32,}")
# Source: distribution/reference, "Grammar", in less detail: host with port, path, tag.
_NAME = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:/\[\]-]*")
_LONGEST = 512


class ImageReference(Record):
    """An image by its digest.

    Attributes:
        name: registry, repository and tag, as written, without the digest.
        digest: ``sha256:`` and 64 digits in lower case.
    """

    name: str
    digest: str


def parse_image(text: str) -> ImageReference:
    """Return the name and the digest of a reference.

    >>> parse_image("app:1@sha256:" + 64 * "a").name
    'app:1'

    Raises:
        UsageError: for a reference without a digest, or with one that no verdict is kept for.
    """
    name, at, digest = text.partition("@")
    if not at:
        hint = "write NAME@sha256:…, because a tag can be moved; `docker inspect` and `crane digest` print it"
        raise UsageError(f"{_shown(text)} has no digest", hint=hint)
    if len(text) > _LONGEST or not _NAME.fullmatch(name):
        raise UsageError(f"{_shown(text)} is not an image reference", hint="write NAME@sha256:…")
    return ImageReference(name, parse_digest(digest))


def parse_digest(text: str) -> str:
    """Return a digest as it is.

    Raises:
        UsageError: for one that is not ``sha256:`` and 64 digits in lower case.
    """
    if _DIGEST.fullmatch(text):
        return text
    if _DIGEST.fullmatch(text.lower()):
        raise UsageError(f"the digest {_shown(text)} has capital letters", hint="write it in lower case")
    algorithm = text.partition(":")[0]
    if _OTHER_DIGEST.fullmatch(text) and algorithm != "sha256":
        raise UsageError(f"verdicts are kept by sha256, not by {_shown(algorithm)}", hint="write NAME@sha256:…")
    raise UsageError(f"{_shown(text)} is not a digest", hint="a digest is sha256: and 64 digits from 0 to f")


def _shown(text: str) -> str:
    """Return a text from outside as one short line of ASCII."""
    shown = ascii(text)
    return shown if len(shown) <= _LONGEST // 4 else f"{shown[: _LONGEST // 4]}…"
