from __future__ import annotations

from typing import Any

import pytest

from boombap.deps.advisories.severity import of_record
from boombap.deps.model import UNKNOWN, Severity

V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
V30 = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"
V2 = "AV:N/AC:L/Au:N/C:N/I:N/A:P"


def given(*vectors: str, **more: Any) -> dict[str, Any]:
    return {"severity": [{"type": "x", "score": vector} for vector in vectors], **more}


@pytest.mark.parametrize(
    ("record", "score", "basis"),
    [
        (given(V2, V30, V31, V4), 9.3, "CVSS:4.0"),
        (given(V2, V30, V31), 7.5, "CVSS:3.1"),
        (given(V2, V30), 5.3, "CVSS:3.0"),
        (given(V2), 5.0, "CVSS:2.0"),
        ({"affected": [given(V31)]}, 7.5, "CVSS:3.1"),
        ({"affected": [{"database_specific": {"cvss": V31}}]}, 7.5, "CVSS:3.1"),
        ({"affected": [given(V30), given(V31)]}, 7.5, "CVSS:3.1"),
        ({"affected": [given(V31), given(V30)]}, 7.5, "CVSS:3.1"),
        (given(V30, affected=[given(V4)]), 9.3, "CVSS:4.0"),
        (given(V2, V2.replace("A:P", "A:C")), 7.8, "CVSS:2.0"),
        ({"database_specific": {"severity": "MODERATE"}}, 4.0, "database"),
        ({"database_specific": {"cvss_v3_score": 6.1}}, 6.1, "database"),
        ({"database_specific": {"cvss": {"score": 8.8, "vectorString": None}}}, 8.8, "database"),
        (given("CVSS:3.1/AV:N/nonsense", V2), 5.0, "CVSS:2.0"),
        (given("CVSS:9.9/AV:N", database_specific={"severity": "low"}), 0.1, "database"),
    ],
)
def test_the_best_source_is_taken(record: dict[str, Any], score: float, basis: str):
    found = of_record(record)
    assert (found.score, found.basis) == (score, basis)


@pytest.mark.parametrize(
    "record",
    [{}, given(), given("none"), {"severity": "HIGH"}, {"database_specific": {"severity": True, "cvss": 11}}, given(7)],  # type: ignore[arg-type]
)
def test_what_nobody_says_is_unknown_and_never_low(record: dict[str, Any]):
    assert of_record(record) == UNKNOWN
    assert UNKNOWN.level == "unknown"


@pytest.mark.parametrize(
    ("score", "level"),
    [(0.0, "none"), (0.1, "low"), (3.9, "low"), (4.0, "medium"), (6.9, "medium"), (7.0, "high"), (9.0, "critical")],
)
def test_levels_begin_where_cvss_says(score: float, level: str):
    assert Severity(score).level == level
