"""The versions an advisory is about, from OSV's events and version lists to runs of sort keys, and how they are stored.

Source: OSV schema 1.7, "Evaluation": events in any order, several pairs in one range, ``introduced: 0``.
"""

from __future__ import annotations

from boombap.deps.model import AffectedRange
from boombap.deps.versions.key import LOWEST, sort_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Keys = Mapping[str, str | None]
    Event = tuple[str, str, str]
    """The key, its kind, and the version as written."""

_KINDS = ("introduced", "fixed", "last_affected", "limit")
_ONLY_GIT = "only git ranges"
_NOTHING = "names no versions"


def of_affected(affected: Mapping[str, object], ecosystem: str) -> tuple[list[AffectedRange], list[str], str]:
    """Return the affected versions of one entry of ``affected``.

    Returns:
        The runs; those of ``versions`` that no range says (each of them a run too); and what could not be read,
        empty when everything could.
    """
    runs: list[AffectedRange] = []
    gaps: list[str] = []
    ranges = [one for one in _list(affected.get("ranges")) if isinstance(one, dict)]
    for one in ranges:
        if one.get("type") == "GIT":
            continue
        try:
            runs += _runs(_events(one, ecosystem))
        except ValueError as error:
            gaps.append(str(error))
    extra, points, unread = _not_said(_list(affected.get("versions")), runs, ecosystem)
    runs += points
    if unread and not runs:
        gaps.append(f"{unread!r} is not a version there")
    if not runs and not gaps:
        gaps.append(_ONLY_GIT if ranges else _NOTHING)
    return runs, extra, "; ".join(gaps)


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _events(one: Mapping[str, object], ecosystem: str) -> list[Event]:
    events: list[Event] = []
    for event in _list(one.get("events")):
        for kind in _KINDS:
            version = event.get(kind) if isinstance(event, dict) else None
            if not isinstance(version, str) or (kind == "limit" and version == "*"):
                continue
            key = LOWEST if kind == "introduced" and version == "0" else sort_key(ecosystem, version)
            if key is None:
                raise ValueError(f"the bound {version!r} is not a version there")
            events.append((key, kind, version))
    return events


def _runs(events: Iterable[Event]) -> list[AffectedRange]:
    """Walk the events from the lowest version up, opening and closing runs."""
    by_key: dict[str, dict[str, str]] = {}
    for key, kind, version in events:
        by_key.setdefault(key, {})[kind] = version
    runs: list[AffectedRange] = []
    low: str | None = None
    for key in sorted(by_key):
        kinds = by_key[key]
        if low is None and "introduced" in kinds:
            low = key
            # A fix of the version that brought the fault: nothing in between. A last affected one: just that version.
            if not kinds.keys() & {"fixed", "limit", "last_affected"}:
                continue
        if low is not None and kinds.keys() & {"fixed", "limit", "last_affected"}:
            is_closed = "last_affected" in kinds
            if key > low or is_closed:
                runs.append(AffectedRange(low, key, is_closed, "" if is_closed else kinds.get("fixed", "")))
            # Fixed and introduced again in the same version: the next run begins at once.
            low = key if "introduced" in kinds and key > low else None
    if low is not None:
        runs.append(AffectedRange(low))
    return runs


def _not_said(
    versions: Iterable[object], runs: Sequence[AffectedRange], ecosystem: str
) -> tuple[list[str], list[AffectedRange], str]:
    extra: list[str] = []
    points: list[AffectedRange] = []
    unread = ""
    for version in versions:
        if not isinstance(version, str):
            continue
        key = sort_key(ecosystem, version)
        if key is None:
            unread = version
        elif not any(run.holds(key) for run in runs):
            points.append(AffectedRange(key, key, is_closed=True))
            extra.append(version)
    return extra, points, unread


def to_text(runs: Iterable[AffectedRange]) -> str:
    """Return runs as they are stored: one line each of low, high, ``=`` when closed, and the fix, between tabs."""
    return "\n".join(f"{run.low}\t{run.high}\t{'=' * run.is_closed}\t{run.fixed}" for run in runs)


def from_text(text: str) -> tuple[AffectedRange, ...]:
    """Return the runs of a stored text."""
    lines = (line.split("\t") for line in text.split("\n") if line)
    return tuple(AffectedRange(low, high, mark == "=", fixed) for low, high, mark, fixed in lines)
