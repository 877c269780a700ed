"""What a person may write for a key: text to value, with an error that says what was expected."""

from __future__ import annotations

import re
from types import MappingProxyType

from boombap.config.home import expand_user
from boombap.config.secret import Secret
from boombap.errors import ConfigError
from boombap.record import Record
from boombap.units import parse_duration_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Parse = Callable[[str], object]


class Kind(Record):
    """What a person may write for a key.

    Attributes:
        name: as messages and documentation write it.
        parse: text to value; raises UsageError for invalid text.
    """

    name: str
    parse: Parse


def text_of(value: object, kind: Kind) -> str:
    """Return a value as it may be written, so that what is shown can be copied."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, MappingProxyType):
        return ",".join(f"{prefix}={seconds:.15g}s" for prefix, seconds in value.items())
    if isinstance(value, float):
        return f"{value:.15g}" + ("s" if kind in {DURATION, AGE} else "")
    return str(value)


def whole(low: int, high: int) -> Kind:
    """Return the kind of a whole number within bounds."""

    def parse(text: str) -> int:
        digits = text.strip()
        # The length first: int() rejects more than 4,300 digits with an error of its own.
        if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(high)) and low <= int(digits) <= high):
            raise ConfigError(f"{text!r} is not a whole number from {low} to {high}")
        return int(digits)

    return Kind(f"{low}-{high}", parse)


def choice(choices: tuple[str, ...]) -> Kind:
    """Return the kind of one of these words, in upper or lower case."""

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ConfigError(f"{text!r} is not one of {', '.join(choices)}")
        return text.lower()

    return Kind(" or ".join(choices), parse)


def _percentage(text: str) -> float:
    try:
        value = float(text.strip().removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:  # noqa: PLR2004 - a percentage
        raise ConfigError(f"{text!r} is not a percentage from 0 to 100")
    return value


def _path(text: str) -> Path:
    try:
        return expand_user(text)
    except RuntimeError:
        raise ConfigError(f"{text!r} names the home folder of an unknown user") from None


def _limit(text: str) -> float:
    # To PostgreSQL 0 means no limit, and 2,147,483,647 ms is the longest one.
    seconds = parse_duration_s(text)
    if not 0.001 <= seconds <= 24 * 86_400:  # noqa: PLR2004 - explained above
        raise ConfigError(f"{text!r} is not a duration from 1ms to 24d")
    return seconds


def _age(text: str) -> float:
    seconds = parse_duration_s(text)  # which knows the longest
    if seconds < 1:
        raise ConfigError(f"{text!r} is less than a second")
    return seconds


def _http_url(text: str) -> str:
    url = text.strip().rstrip("/")
    scheme, _, rest = url.partition("://")
    place = rest.partition("/")[0]
    if scheme not in ("http", "https") or not place or "@" in place or set(url) & set("?# "):
        raise ConfigError(f"{text!r} is not an address with http:// or https://")
    if scheme == "http" and not _LOOPBACK.fullmatch(place):
        raise ConfigError(f"{text!r} would send the credentials in the clear")
    return url


def some_of(choices: tuple[str, ...]) -> Kind:
    """Return the kind of some of these words, separated by commas."""

    def parse(text: str) -> tuple[str, ...]:
        names = _names(text)
        unknown = [name for name in names if name not in choices]
        if unknown:
            raise ConfigError(f"{unknown[0]!r} is not one of {', '.join(choices)}")
        return names

    return Kind("some of " + ", ".join(choices), parse)


def _ttls(text: str) -> Mapping[str, float]:
    ttls = {}
    for part in _names(text):
        prefix, equals, duration = part.rpartition("=")
        if not prefix.strip() or not equals:
            raise ConfigError(f"{part!r} is not PREFIX=DURATION")
        ttls[prefix.strip()] = parse_duration_s(duration)
    return MappingProxyType(ttls)


def _switch(text: str) -> bool:
    return choice(("true", "false")).parse(text) == "true"


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


# The whole host: 127.0.0.1.example.org is not this machine.
_LOOPBACK = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d+)?", re.ASCII)

TEXT = Kind("text", str)
SECRET = Kind("secret", Secret)
PATH = Kind("path", _path)
DURATION = Kind("duration from 1ms to 24d", _limit)
PERCENTAGE = Kind("percentage", _percentage)
NAMES = Kind("names, separated by commas", _names)
TTLS = Kind("PREFIX=DURATION, separated by commas", _ttls)
SWITCH = Kind("true or false", _switch)
PORT = whole(1, 65_535)
AGE = Kind("duration from 1s to ten years", _age)
HTTP_URL = Kind("https address; http on loopback", _http_url)
