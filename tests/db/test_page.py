"""The page: complete, whole, closed to what names bring, and a file that its owner alone can read."""

from __future__ import annotations

import re
import stat
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

import views
from boombap.db import page
from boombap.db.fleet import Failure, Passed
from boombap.db.model import Absent

if TYPE_CHECKING:
    from pathlib import Path

    from databases import Database
    from db.test_cli import Run

_VOID = {"meta"}


class _Reader(HTMLParser):
    """Reads a page as a browser does: tags in order, their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


EVIL = "<script>alert(1)</script>\"'&\x1b[31m"


def read(*answers: object) -> _Reader:
    found = _Reader("\n".join(page.lines(answers)))  # type: ignore[arg-type]
    assert found.open == [], "every tag is closed"
    return found


def test_everything_of_a_diagnosis_is_on_the_page():
    found = read(views.FULL)
    for finding in views.FINDINGS:
        assert finding.id in found.text
        assert finding.remedy in found.text
    for text in ("1 critical, 1 warning, 1 waived", "no permission: needs pg_monitor", "Coverage of the analyzers",
                 "Sizes of the tables", "production", "7 of 100"):  # fmt: skip
        assert text in found.text
    assert any(name == "class" and value == "bar" for name, value in found.attributes)


def test_the_page_needs_nothing_else():
    found = read(views.FULL, Failure("h:5432/db", "staging", "refused"), Passed("template0", "a template"))
    assert not {"script", "link", "img", "iframe", "object"} & set(found.tags)
    assert {value for name, value in found.attributes if name == "src"} == set()
    assert not re.search(r"url\(|@import", page._STYLE)
    assert all(
        value and value.startswith("https://www.postgresql.org/") for n, value in found.attributes if n == "href"
    )


def test_names_stay_text():
    finding = views.FINDINGS[0].replace(subject=EVIL, summary=EVIL, remedy=EVIL, link="javascript:alert(1)")
    finding = finding.replace(evidence={EVIL: EVIL})
    health = views.HEALTH.replace(findings=(finding,), expired=(EVIL,))
    dark = Absent(EVIL)
    found = read(
        views.diagnosis(
            name=EVIL, target=EVIL, health=health, tracks=dark, analyzers=dark, tables=dark, connections=dark
        ),
        Failure(EVIL, EVIL, EVIL),
        Passed(EVIL, EVIL),
    )
    assert "script" not in found.tags
    assert "\x1b" not in found.text
    assert not [value for name, value in found.attributes if name == "href"]


def test_a_page_of_health_has_sizes_and_coverage(boombap: Run, faulty: Database, isolated: Path):
    done = boombap("db", "health", "--format", "html", "--output", "page.html", DATABASE_URL=faulty.url())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    file = isolated / "page.html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert "DROP INDEX CONCURRENTLY public.tracks_artist_name_idx;" in text
    assert "Coverage of the analyzers" in text
    assert "Sizes of the tables" in text
    assert [path.name for path in isolated.iterdir()] == ["page.html"]
    printed = boombap("db", "health", "--format", "html", "--fail-on", "warning", DATABASE_URL=faulty.url())
    assert (printed.returncode, printed.stdout.startswith("<!doctype html>")) == (1, True)


def test_a_page_without_the_right_to_the_tables_ends_as_health_does(boombap: Run, healthy: Database):
    done = boombap("db", "health", "--format", "html", DATABASE_URL=healthy.url("plain"))
    assert done.returncode == boombap("db", "health", DATABASE_URL=healthy.url("plain")).returncode == 0
    assert "needs SELECT on the table" in done.stdout


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_any_form_goes_to_a_file(boombap: Run, healthy: Database, isolated: Path, form: str):
    words = ("db", "--connections", "--format", form)
    (isolated / "out").write_text("old", encoding="utf-8")
    (isolated / "out").chmod(0o644)
    done = boombap(*words, "--output", "out", DATABASE_URL=healthy.url())
    assert (done.returncode, done.stdout) == (0, "")
    assert stat.S_IMODE((isolated / "out").stat().st_mode) == 0o600


@pytest.mark.parametrize("place", ["no/such/folder/page.html", "/dev/full", ".", "a" * 5_000])
def test_a_file_that_cannot_be_written_is_named(boombap: Run, healthy: Database, place: str):
    done = boombap("db", "health", "--format", "html", "--output", place, DATABASE_URL=healthy.url())
    assert (done.returncode, done.stdout) == (3, "")
    assert f"cannot write {place}" in done.stderr


def test_many_databases_are_on_one_page(boombap: Run, healthy: Database):
    done = boombap("db", "health", "--all-dbs", "--format", "html", "--fail-on", "never", DATABASE_URL=healthy.url())
    assert done.returncode == 0, done.stderr
    assert f"<h1>{healthy.name}</h1>" in done.stdout
    assert "skipped" in done.stdout
