"""Whether pins under environment markers leave a range open in some environment.

Markers are tried in sample environments: each release of Python that the project supports, and for every other
variable each value that a marker names and one that none does. A range is answered when some pin holds in each
environment in which the range counts. Source: PEP 508, "Environment Markers".
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby, product

from boombap.deps.manifest.collector import Bounds, masked
from boombap.deps.versions.ranges import satisfies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.markers import Marker

    Environment = dict[str, str]

_QUOTED = re.compile(r"\"([^\"]*+)\"|'([^']*+)'")
_VARIABLE = re.compile(
    r"\b(?:os[._]name|sys[._]platform|platform_system|platform_release|platform[._](?:machine|version)"
    r"|(?:platform[._])?python_implementation|implementation_name|implementation_version)\b"
)
# Spellings of setuptools that packaging takes too.
_ALIASES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.machine": "platform_machine",
    "platform.version": "platform_version",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
_FULL = "python_full_version"
_EXTRA = re.compile(r"\bextra\b")
_ANOTHER = "another"
# Releases below 3.8 have had no fixes since 2023. Markers compare patch releases too, so each minor one counts twice.
_PYTHONS = tuple((f"3.{minor}", f"3.{minor}.{patch}") for minor in range(8, 16) for patch in (0, 99))
# Real locks need fewer than 500: two variables of three values and the Pythons; and two or three pins.
_MOST_ENVIRONMENTS = 600
_MOST_MARKERS = 8


def normalise(marker: str) -> str:
    """Return a marker with one kind of quotes and without blanks that say nothing.

    >>> normalise('(sys_platform=="win32" and  os_name  == "nt")')
    "sys_platform == 'win32' and os_name == 'nt'"
    """
    pieces = re.split(r"(\"[^\"]*+\"|'[^']*+')", marker)
    for at in range(0, len(pieces), 2):
        pieces[at] = " ".join(re.sub(r"([<>=!~]+|[()])", r" \1 ", pieces[at]).split())
    for at in range(1, len(pieces), 2):
        pieces[at] = f"'{pieces[at][1:-1]}'"
    text = " ".join(piece for piece in pieces if piece)
    inner = text.removeprefix("( ").removesuffix(" )")
    return inner if len(inner) == len(text) - 4 and not re.search(r"[()]", inner) else text


def cover(pins: Iterable[str], wanted: str, pythons: Bounds | None = None, *, is_extra: bool = False) -> bool:
    """Tell whether pins under these markers leave nothing open of a range under this marker.

    Args:
        pins: the marker of each pin that satisfies the range; empty for every environment.
        wanted: the range's.
        pythons: what the project supports; None when it does not say, then the pins hold from some Python up.
        is_extra: whether the range belongs to an extra, so that a pin may count for an extra only.
    """
    markers = sorted({normalise(marker) for marker in pins})
    wanted = normalise(wanted)
    return "" in markers or (bool(markers) and wanted in markers) or _cover(tuple(markers), wanted, pythons, is_extra)


def only_where(marker: str) -> str:
    """Return the words for a pin that does not count everywhere."""
    return f"only where {masked(normalise(marker))}"


@lru_cache(maxsize=1024)
def _cover(markers: tuple[str, ...], wanted: str, pythons: Bounds | None, is_extra: bool) -> bool:  # noqa: FBT001 - cached
    if not 0 < len(markers) <= _MOST_MARKERS:
        return False
    environments, extras = _environments((*markers, wanted), pythons)
    usable = extras if is_extra else ("",)
    # What a lock was made for, when nobody says: the lowest Python that it has a pin for, and every later one.
    may_begin_later = pythons is None and not wanted
    is_any = is_below = False
    for _, same_python in groupby(environments, key=lambda each: each[_FULL]):
        asked = (each for each in same_python if _holds(wanted, each, extras))
        held = {any(_holds(marker, each, usable) for marker in markers) for each in asked}
        if held == {True} and not is_below:
            is_any = True
        elif held == {False} and is_any and may_begin_later:
            is_below = True
        elif held:
            return False
    return is_any


def _releases(pythons: Bounds | None) -> list[tuple[str, str]]:
    return [each for each in _PYTHONS if pythons is None or satisfies(pythons.form, pythons.text, each[1])]


def _environments(markers: Sequence[str], pythons: Bounds | None) -> tuple[list[Environment], tuple[str, ...]]:
    """Return the sample environments, the newest Python first, and the extras; nothing when there would be too many."""
    text = " ; ".join(markers)
    values = sorted({word for quoted in _QUOTED.findall(text) for word in _words("".join(quoted))})
    variables = sorted({_ALIASES.get(name, name) for name in _VARIABLE.findall(text)})
    releases = _releases(pythons)[: None if "python_" in text else 1]
    if len(releases) * (len(values) + 1) ** len(variables) > _MOST_ENVIRONMENTS:
        return [], ("",)
    choices = [[*values, _ANOTHER] for _ in variables]
    chosen = [dict(zip(variables, each, strict=True)) for each in product(*choices)]
    versions = [{"python_version": short, _FULL: full} for short, full in reversed(releases)]
    return [{**version, **each} for version in versions for each in chosen], ("", *values)


def _words(text: str) -> Iterator[str]:
    # "linux darwin" after `in` is two values; numbers are of Python, and a platform is none.
    return (word for word in re.split(r"[\s,]+", text) if word and not re.fullmatch(r"[\d.*]+", word))


def _holds(marker: str, environment: Environment, extras: Iterable[str]) -> bool:
    """Tell whether a marker is true with one of the extras; one that cannot be understood never is."""
    if not marker:
        return True
    from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName

    try:
        found = _parsed(marker)
        tried = extras if _EXTRA.search(marker) else ("",)
        return any(found.evaluate({**environment, "extra": extra}) for extra in tried)
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
        return False


@lru_cache(maxsize=1024)
def _parsed(marker: str) -> Marker:
    from packaging.markers import Marker as Parsed

    return Parsed(marker)
