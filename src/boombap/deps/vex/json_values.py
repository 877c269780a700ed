"""Values of a VEX document by their type; one of another type makes the document malformed."""

from __future__ import annotations

from datetime import datetime

from boombap.deps.vex.model import malformed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = Mapping[str, object]


def text(parent: Json, key: str, place: str) -> str:
    """Return a text that must be there and not be empty.

    Raises:
        ConfigError: when it is not there, is empty or is not a text.
    """
    found = optional_text(parent, key, place)
    if not found:
        raise malformed(place, f"lacks {key}")
    return found


def optional_text(parent: Json, key: str, place: str) -> str:
    """Return a text; empty when it is not there.

    Raises:
        ConfigError: when it is not a text.
    """
    value = parent.get(key, "")
    if not isinstance(value, str):
        raise malformed(place, f"has a {key} that is not a text")
    return value.strip()


def mapping(parent: Json, key: str, place: str) -> Json:
    """Return an object; empty when it is not there.

    Raises:
        ConfigError: when it is not an object.
    """
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise malformed(place, f"has a {key} that is not an object")
    return value


def mappings(parent: Json, key: str, place: str) -> list[Json]:
    """Return a list of objects; empty when it is not there.

    Raises:
        ConfigError: when it is something else.
    """
    value = parent.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise malformed(place, f"has {key} that are not a list of objects")
    return value


def texts(parent: Json, key: str, place: str) -> tuple[str, ...]:
    """Return a list of texts; empty when it is not there.

    Raises:
        ConfigError: when it is something else.
    """
    value = parent.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise malformed(place, f"has {key} that are not a list of texts")
    return tuple(value)


def unix_time(stamp: str, key: str, place: str) -> float:
    """Return an RFC 3339 time as Unix time.

    Raises:
        ConfigError: when it is not one, or names no offset from UTC.
    """
    try:
        found = datetime.fromisoformat(stamp)
        seconds = found.timestamp()
    except (ValueError, OverflowError):
        raise malformed(place, f"has a {key} that is not a time (RFC 3339)") from None
    if found.tzinfo is None or "T" not in stamp.upper():
        raise malformed(place, f"has a {key} without a time of day or an offset from UTC (RFC 3339)")
    return seconds
