"""A new database does not take the place of a better one.

What these tests protect: an export with all its records in name, but without what they say, calls everything clean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from boombap.deps.advisories.affected_ranges import of_affected, to_text
from boombap.deps.advisories.database import open_database, place
from boombap.deps.advisories.loss import can_affect
from boombap.errors import ExternalError
from deps.osv import database, export, record, take_in

FIXED = ({"introduced": "0"}, {"fixed": "2"})
ZERO = ({"introduced": "0"}, {"fixed": "0.0.0"})
LATER = ({"introduced": "3"}, {"fixed": "4"})


def many(number: int, *events: dict[str, str], prefix: str = "p", **more: Any) -> list[dict[str, Any]]:
    return [record(f"A-{at}", f"{prefix}{at}", *(events or FIXED), **more) for at in range(number)]


def emptied(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    empty = [{**one["affected"][0], "ranges": [], "versions": []} for one in records]
    return [{**one, "affected": [entry]} for one, entry in zip(records, empty, strict=True)]


def with_range(kind: str, *events: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {**one, "affected": [{**one["affected"][0], "ranges": [{"type": kind, "events": list(events)}]}]}
        for one in many(100)
    ]


def content(folder: str | Path) -> bytes:
    return Path(place(str(folder), "PyPI")).read_bytes()


GUTTED = {
    "no ranges and no versions": emptied(many(100)),
    "6 of 100 without": [*many(94), *emptied(many(100))[94:]],
    "git ranges only": with_range("GIT", *FIXED),
    "ranges without events": with_range("ECOSYSTEM"),
    "fixed in the version that brought it": many(100, {"introduced": "1"}, {"fixed": "1"}),
    "fixed in 0.0.0": many(100, *ZERO),
    "fixed in 0": many(100, {"introduced": "0"}, {"fixed": "0"}),
    "last affected 0": many(100, {"introduced": "0"}, {"last_affected": "0"}),
    "fixed below everything": many(100, {"introduced": "0"}, {"fixed": "0.dev0"}),
    "bounds that are no versions": many(100, {"introduced": "0"}, {"fixed": "moon"}),
    "6 of 100 fixed in 0.0.0": [*many(94), *many(100, *ZERO)[94:]],
}
MOVED = {
    "other packages": many(100, prefix="zzz"),
    "6 of 100 about other packages": [*many(94), *many(100, prefix="zzz")[94:]],
    "packages of each other": [{**one, "id": f"A-{(at + 1) % 100}"} for at, one in enumerate(many(100))],
    "other versions": many(100, *LATER),
    "6 of 100 about other versions": [*many(94), *many(100, *LATER)[94:]],
}


@pytest.mark.parametrize("kind", [*GUTTED, *MOVED])
@pytest.mark.parametrize("wanted", [{}, {"is_rebuilt": True}, {"accepts_loss": True}])
def test_records_that_match_nothing_of_before_are_lost(kind: str, wanted: dict[str, bool], tmp_path: Path):
    folder = database(tmp_path, many(100))
    before = content(folder)
    export(tmp_path / "export", {**GUTTED, **MOVED}[kind])
    with pytest.raises(ExternalError, match=r"of 100 .* --accept-loss") as error:
        take_in(tmp_path / "export", Path(folder), **wanted)
    assert (error.value.exit_code, content(folder) == before) == (3, True)
    assert take_in(tmp_path / "export", Path(folder), is_rebuilt=True, accepts_loss=True).state == "built"


@pytest.mark.parametrize("kind", GUTTED)
def test_a_first_build_of_records_that_affect_nothing_is_refused(kind: str, tmp_path: Path):
    source = export(tmp_path / "export", GUTTED[kind])
    with pytest.raises(ExternalError, match="of 100 records in it that are not withdrawn affect no version") as error:
        take_in(source, tmp_path / "db")
    assert (error.value.exit_code, open_database(str(tmp_path / "db"), "PyPI")) == (3, None)


def test_a_first_build_may_have_a_few_records_without_versions(tmp_path: Path):
    source = export(tmp_path / "export", [*many(95), *emptied(many(100))[95:]])
    assert take_in(source, tmp_path / "db").source.records == 100


def test_withdrawn_records_need_no_versions(tmp_path: Path):
    withdrawn = emptied(many(120, withdrawn="2026-01-02T00:00:00Z"))[100:]
    source = export(tmp_path / "export", [*many(100), *withdrawn])
    assert take_in(source, tmp_path / "db").source.records == 120


def test_records_that_matched_nothing_before_are_no_loss(tmp_path: Path):
    folder = database(tmp_path, [*many(95), *emptied(many(100))[95:]])
    export(tmp_path / "export", [*many(92), *emptied(many(100))[92:]])
    assert take_in(tmp_path / "export", Path(folder)).state == "built"
    export(tmp_path / "export", [*many(95), *many(100, withdrawn="2026-01-02T00:00:00Z")[95:]])
    assert take_in(tmp_path / "export", Path(folder)).state == "built"


def test_corrections_of_ranges_are_no_loss(tmp_path: Path):
    folder = database(tmp_path, many(100))
    corrected = many(100, {"introduced": "1.5"}, {"last_affected": "1.9"})
    several = {**corrected[0], "affected": [*many(1, prefix="q")[0]["affected"], *many(1)[0]["affected"]]}
    export(tmp_path / "export", [several, *corrected[1:]])
    assert take_in(tmp_path / "export", Path(folder)).state == "built"


@pytest.mark.parametrize("field", ["modified", "published"])
@pytest.mark.parametrize("when", ["2999-01-01T00:00:00Z", "9999", "soon"])
@pytest.mark.parametrize("wanted", [{}, {"is_rebuilt": True, "accepts_loss": True}])
def test_a_record_of_the_future_is_refused(field: str, when: str, wanted: dict[str, bool], tmp_path: Path):
    """A database whose newest record is of 2999 would never be too old."""
    folder = database(tmp_path, many(10))
    before = content(folder)
    export(tmp_path / "export", [*many(10), record("A-10", "p10", *FIXED, **{field: when})])
    with pytest.raises(ExternalError, match="is in the future") as error:
        take_in(tmp_path / "export", Path(folder), **wanted)
    assert (error.value.exit_code, content(folder) == before) == (3, True)
    with pytest.raises(ExternalError, match="is in the future"):
        take_in(tmp_path / "export", tmp_path / "new")
    assert open_database(str(tmp_path / "new"), "PyPI") is None


CREEPING = {
    "records": [many(left) for left in (97, 95, 94)],
    "withdrawn": [[*many(left), *many(100, withdrawn="2026-01-02T00:00:00Z")[left:]] for left in (97, 95, 94)],
    "renamed": [[*many(100, prefix="z")[:gone], *many(100)[gone:]] for gone in (3, 5, 6)],
    "replaced": [[*many(100)[gone:], *many(100 + gone)[100:]] for gone in (3, 5, 6)],
    "emptied": [[*many(left), *emptied(many(100))[left:]] for left in (97, 95, 94)],
}


@pytest.mark.parametrize("kind", CREEPING)
def test_small_losses_add_up(kind: str, tmp_path: Path):
    """Eight syncs that lose a twentieth each have lost a third."""
    folder = database(tmp_path, many(100))
    *accepted, last = CREEPING[kind]
    for records in accepted:
        assert take_in(export(tmp_path / "export", records), Path(folder)).state == "built"
    export(tmp_path / "export", last)
    with pytest.raises(
        ExternalError, match=r"6 of 100 advisories that the database had at its largest .*--accept-loss"
    ):
        take_in(tmp_path / "export", Path(folder))


def test_what_came_back_is_not_lost(tmp_path: Path):
    folder = Path(database(tmp_path, many(100)))
    for first in (0, 10, 20, 30):
        gone = [*many(100)[:first], *many(100, prefix="z")[first : first + 4], *many(100)[first + 4 :]]
        take_in(export(tmp_path / "export", gone), folder)
        assert take_in(export(tmp_path / "export", many(100)), folder).state == "built"


def test_withdrawals_over_the_years_are_made_up_for_by_new_advisories(tmp_path: Path):
    folder = Path(database(tmp_path, many(100)))
    for year in range(1, 5):
        withdrawn = many(4 * year, withdrawn="2026-01-02T00:00:00Z")
        exported = export(tmp_path / "export", [*withdrawn, *many(100 + 4 * year)[4 * year :]])
        assert take_in(exported, folder).state == "built"


def test_an_accepted_loss_is_the_new_measure(tmp_path: Path):
    folder = Path(database(tmp_path, many(100)))
    take_in(export(tmp_path / "export", many(80)), folder, is_rebuilt=True, accepts_loss=True)
    assert take_in(export(tmp_path / "export", many(77)), folder).source.records == 77
    with pytest.raises(ExternalError, match="5 of 80 advisories that the database had at its largest"):
        take_in(export(tmp_path / "export", many(75)), folder)


@pytest.mark.parametrize(
    ("ecosystem", "fixed", "expected"),
    [
        ("PyPI", "0.0.1", True),
        ("npm", "0.0.0", False),
        ("npm", "0.0.0-0", False),
        ("npm", "0.0.1", True),
        ("crates.io", "0.0.0", False),
        ("Go", "0.0.0", False),
        ("Go", "0.0.0-20210101000000-abcdefabcdef", True),
        ("Go", "0.0.0-00010101000000-000000000000", False),
        ("RubyGems", "0", False),
        ("Maven", "0.0.0", False),
        ("Packagist", "0", False),
    ],
)
def test_what_ends_at_version_0_affects_nothing(ecosystem: str, fixed: str, expected: bool):
    entry = {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}
    runs, _, _ = of_affected(entry, ecosystem)
    assert can_affect(ecosystem, to_text(runs)) is expected
