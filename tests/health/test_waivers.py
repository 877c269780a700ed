"""Waivers: which findings they cover, until when, and which files are refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import ConfigError
from boombap.health.finding import Finding, Severity
from boombap.health.waivers import Waiver, apply, load

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 23)
GOOD = {"id": '"unused_index"', "subject": '"public.*"', "reason": '"r"', "owner": '"o"', "expires": "2027-05-31"}
SUBJECTS = st.text(st.sampled_from('ab.[]?!"\\\n*'), max_size=8)


def finding(subject: str = "public.tracks", check: str = "unused_index") -> Finding:
    return Finding(check, Severity.WARNING, subject, "s")


def waiver(subject: str = "public.tracks", expires: date = TODAY, check: str = "unused_index") -> Waiver:
    return Waiver(check, subject, "r", "o", expires)


def write(folder: Path, **changes: str | None) -> Path:
    entry = {**GOOD, **changes}
    path = folder / "waivers.toml"
    path.write_text("[[waiver]]\n" + "".join(f"{key} = {value}\n" for key, value in entry.items() if value is not None))
    return path


def test_file_is_read(tmp_path: Path) -> None:
    assert load(write(tmp_path)) == (Waiver("unused_index", "public.*", "r", "o", date(2027, 5, 31)),)


def test_a_justification_is_one_of_those_that_are_given(tmp_path: Path) -> None:
    path = write(tmp_path, justification='"absent"')
    assert load(path, ("absent",))[0].justification == "absent"
    assert load(write(tmp_path), ("absent",))[0].justification == ""
    for wrong in ('"present"', "1", "[]", '[""]'):
        with pytest.raises(ConfigError, match="justification must be one of absent"):
            load(write(tmp_path, justification=wrong), ("absent",))


def test_empty_file_waives_nothing(tmp_path: Path) -> None:
    (tmp_path / "w.toml").touch()
    assert load(tmp_path / "w.toml") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"expires": None}, r"waiver 1 in .* does not have exactly the keys id, subject, reason, owner, expires"),
        ({"until": '"x"'}, "does not have exactly the keys"),
        ({"justification": '"x"'}, "does not have exactly the keys"),
        ({"expires": '"2027-05-31"'}, "expires must be a date; write it without quotes"),
        ({"expires": "2027-05-31T00:00:00"}, "expires must be a date"),
        ({"owner": '" "'}, "must be texts that are not empty"),
        ({"id": "1"}, "must be texts that are not empty"),
        ({"id": '"a" b'}, "not valid TOML"),
    ],
)
def test_entry_that_is_refused(tmp_path: Path, changes: dict[str, str | None], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load(write(tmp_path, **changes))


@pytest.mark.parametrize("text", ["waiver = 1", "[waiver]\nid = 'a'", "[[waivers]]\nid = 'a'", "waiver = [1]"])
def test_file_with_something_else_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "w.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"\[\[waiver\]\] tables|does not have exactly"):
        load(tmp_path / "w.toml")


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the waivers in .*none.toml: No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "w.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load(tmp_path / "w.toml")


@given(SUBJECTS)
def test_subject_covers_itself(subject: str) -> None:
    assert waiver(subject).covers("unused_index", subject)


@given(SUBJECTS, SUBJECTS)
def test_only_the_star_is_a_wildcard(pattern: str, subject: str) -> None:
    if "*" not in pattern:
        assert waiver(pattern).covers("unused_index", subject) == (pattern == subject)
    assert waiver("*").covers("unused_index", subject)
    assert waiver(f"{pattern}*").covers("unused_index", pattern + subject)


def test_waiver_of_another_check_does_not_cover() -> None:
    assert not waiver("*", check="bloat").covers("unused_index", "public.tracks")


@pytest.mark.parametrize(("days", "holds"), [(-1, False), (0, True), (1, True)])
def test_waiver_holds_through_its_last_day(days: int, holds: bool) -> None:
    accepted = waiver(expires=TODAY + timedelta(days))
    standing, waived, expired = apply([finding()], [accepted], TODAY)
    assert (standing, waived, expired) == (([], [finding()], []) if holds else ([finding()], [], [accepted]))


def test_expired_waiver_is_named_once_however_many_it_covered() -> None:
    old = waiver("*", TODAY - timedelta(1))
    standing, _, expired = apply([finding("a"), finding("b")], [old], TODAY)
    assert len(standing) == 2
    assert expired == [old]


def test_expired_waiver_beside_one_that_holds_is_not_named() -> None:
    waivers = [waiver("*", TODAY - timedelta(1)), waiver()]
    assert apply([finding()], waivers, TODAY) == ([], [finding()], [])


@given(st.lists(st.sampled_from("abc")), st.lists(st.tuples(st.sampled_from("abc*"), st.integers(-2, 2))))
def test_every_finding_stands_or_is_waived(subjects: list[str], terms: list[tuple[str, int]]) -> None:
    findings = [finding(subject) for subject in subjects]
    waivers = [waiver(subject, TODAY + timedelta(days)) for subject, days in terms]
    standing, waived, expired = apply(findings, waivers, TODAY)
    assert sorted(finding.subject for finding in standing + waived) == sorted(subjects)
    assert all(waiver.expires < TODAY for waiver in expired)
