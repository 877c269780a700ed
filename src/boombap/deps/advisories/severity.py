"""How bad an advisory is, as a number, from whatever its record says; computed once, when it is taken in.

In this order: CVSS 4, 3.1, 3.0, 2, then what the database says in its own words. What alias records say is asked last,
by `deps.advisories.build`. A record without any of these is UNKNOWN.
"""

from __future__ import annotations

import re

from boombap.deps.model import UNKNOWN, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PREFERENCE = ("CVSS:4.0", "CVSS:3.1", "CVSS:3.0", "CVSS:2.0")
# The lower bound of each word; GitHub says moderate where CVSS says medium.
_WORDS = {"critical": 9.0, "high": 7.0, "important": 7.0, "moderate": 4.0, "medium": 4.0, "low": 0.1, "none": 0.0}
_OWN_KEYS = ("cvss", "cvss_v4", "cvss_v3", "cvss_v3_score", "cvss_v2", "cvss_v2_score", "cvss_score", "severity")
_TOP_SCORE = 10.0
_V2_VECTOR = r"\(?(AV:[LAN]/AC:[HML]/Au:[MSN]/\S+?)\)?"


def of_record(record: Mapping[str, object]) -> Severity:
    """Return the severity of an OSV record, from its own data only: the worst that it gives for any of its packages."""
    parts = [record, *(part for part in _list(record.get("affected")) if isinstance(part, dict))]
    measured = [found for part in parts if (found := _of_part(part))]
    if measured:
        return max(measured, key=_score)
    own = [part.get(name) for part in parts for name in ("database_specific", "ecosystem_specific")]
    scores = [score for score in map(_plain_score, _own_values(own)) if score is not None]
    return Severity(max(scores), "database") if scores else UNKNOWN


def _of_part(part: Mapping[str, object]) -> Severity | None:
    """Return what the vectors of a record, or of one of its packages, come to; None without one."""
    vectors: dict[str, list[str]] = {}
    for basis, vector in _vectors(part.get("severity")):
        vectors.setdefault(basis, []).append(vector)
    for value in _own_values(part.get(name) for name in ("database_specific", "ecosystem_specific")):
        if isinstance(value, str) and (basis := _basis(value)) and basis not in vectors:
            vectors[basis] = [value]
    for basis in _PREFERENCE:
        found = [severity for vector in vectors.get(basis, ()) if (severity := _of_vector(basis, vector))]
        if found:
            return max(found, key=_score)
    return None


def _score(severity: Severity) -> float:
    return severity.score or 0.0


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _vectors(entries: object) -> Iterator[tuple[str, str]]:
    for entry in _list(entries):
        score = entry.get("score") if isinstance(entry, dict) else None
        if isinstance(score, str) and (basis := _basis(score)):
            yield basis, score


def _basis(vector: str) -> str:
    if vector.startswith("CVSS:"):
        return vector[:8] if vector[:8] in _PREFERENCE else ""
    return "CVSS:2.0" if re.fullmatch(_V2_VECTOR, vector) else ""


def _of_vector(basis: str, vector: str) -> Severity | None:
    from cvss import CVSS2, CVSS3, CVSS4  # type: ignore[import-untyped]
    from cvss.exceptions import CVSSError  # type: ignore[import-untyped]

    shape = {"CVSS:4.0": CVSS4, "CVSS:2.0": CVSS2}.get(basis, CVSS3)
    try:
        return Severity(float(shape(vector.strip("()")).base_score), basis, vector)
    except (CVSSError, ArithmeticError, LookupError, ValueError):
        return None


def _own_values(parts: Iterable[object]) -> Iterator[object]:
    for part in parts:
        if isinstance(part, dict):
            for name in _OWN_KEYS:
                value = part.get(name)
                yield from (value.get("score"), value.get("vectorString")) if isinstance(value, dict) else (value,)


def _plain_score(value: object) -> float | None:
    if isinstance(value, str):
        if value.lower() in _WORDS:
            return _WORDS[value.lower()]
        try:
            value = float(value)
        except ValueError:
            return None
    is_score = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _TOP_SCORE
    return float(value) if is_score else None  # type: ignore[arg-type]  # is_score says so
