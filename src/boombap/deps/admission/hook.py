"""What Argo CD and other senders are told: the verdicts on the images that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boombap.deps.admission.lookup import Lookup

SCHEMA = "boombap.deps.hook/1"
_MOST_IMAGES = 1000
_MOST_CHARACTERS = 1000


class BadEvent(ValueError):
    """A body that names no images, and why."""


def answer_event(body: object, lookup: Lookup, now_s: float) -> dict[str, object]:
    """Return the verdict on each image of an event, and whether all of them may be deployed.

    Args:
        body: as JSON has it: ``images``, a list of references; ``app`` and ``revision`` are sent back.
        lookup: the verdicts.
        now_s: Unix time.

    Raises:
        BadEvent: for a body without images.
    """
    images = body.get("images") if isinstance(body, dict) else None
    if (
        not isinstance(body, dict)
        or not isinstance(images, list)
        or not all(isinstance(image, str) for image in images)
    ):
        raise BadEvent('the body must be an object with "images", a list of references')
    if not 0 < len(images) <= _MOST_IMAGES:
        raise BadEvent(f"the event must name 1 to {_MOST_IMAGES} images")
    found = lookup.permissions(images, now_s)
    return {
        "schema": SCHEMA,
        "app": _text(body.get("app")),
        "revision": _text(body.get("revision")),
        "allowed": all(permission.is_allowed for permission in found),
        "images": [
            {
                "image": _text(permission.image),
                "digest": permission.digest or None,
                "verdict": permission.word or None,
                "allowed": permission.is_allowed,
                "reason": permission.reason,
            }
            for permission in found
        ],
    }


def _text(value: object) -> str:
    return value[:_MOST_CHARACTERS] if isinstance(value, str) else ""
