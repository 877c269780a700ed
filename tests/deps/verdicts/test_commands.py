from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.command.dispatch import run_tool
from boombap.deps.cli import TOOL
from boombap.errors import NoVerdict, UsageError
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, YESTERDAY, database, record
from deps.verdicts.images import BAD, GOOD, NONE

if TYPE_CHECKING:
    from collections.abc import Callable

    Done = tuple[int, str, str]
    Deps = Callable[..., Done]

APP = "registry.example/rap/app@"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database of the ground truth, two projects, and where the verdicts are kept."""
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, TRUTH))
    monkeypatch.setenv("BOOMBAP_DEPS_VERDICTS", str(tmp_path / "verdicts.db"))
    Path("good.txt").write_text("fastapi==0.110.0\n")
    Path("bad.txt").write_text("fastapi==0.104.1\n")
    return tmp_path / "verdicts.db"


@pytest.fixture
def verdict(capsys: pytest.CaptureFixture[str]) -> Deps:
    def run(*words: str) -> Done:
        code = run_tool(TOOL, ("verdict", *words), prog="deps", interrupt=Interrupt())
        return (code, *capsys.readouterr())

    return run


def found(done: Done) -> Any:
    return json.loads(done[1])


def test_record_exits_as_check_does(kept: Path, verdict: Deps):
    assert verdict("record", APP + GOOD, "good.txt")[0] == 0
    assert verdict("record", APP + BAD, "bad.txt")[0] == 1
    Path("open.txt").write_text("fastapi\n")
    assert verdict("record", APP + NONE, "open.txt")[0] == 4
    listed = found(verdict("list", "--format", "json"))["verdicts"]
    assert [(row["digest"], row["verdict"]) for row in listed] == [(GOOD, "pass"), (BAD, "fail"), (NONE, "unknown")]


def test_a_new_advisory_turns_a_verdict_without_the_files(kept: Path, verdict: Deps):
    verdict("record", APP + GOOD, "good.txt")
    Path("good.txt").unlink()
    assert verdict("refresh") == (0, "1 of 1 verdicts judged again, 0 changed\n", "")
    database(kept.parent, [*TRUTH, record("MAL-2026-1", "fastapi", {"introduced": "0"}, modified=YESTERDAY)])
    code, out, _ = verdict("refresh")
    assert code == 1
    assert f"{APP}{GOOD}: pass > fail: MAL-2026-1 on fastapi 0.110.0" in out
    assert "1 of 1 verdicts judged again, 1 changed" in out
    assert found(verdict("show", GOOD, "--format", "json"))["verdicts"][0]["verdict"] == "fail"


def test_refresh_judges_by_the_kept_policy_unless_one_is_configured(
    kept: Path, verdict: Deps, monkeypatch: pytest.MonkeyPatch
):
    Path("lax.toml").write_text('severity = "critical"\n[environment.staging]\nmode = "warn"\n')
    Path("strict.toml").write_text('severity = "low"\n[environment.production]\n')
    assert verdict("record", APP + BAD, "bad.txt", "--policy", "lax.toml")[0] == 0
    assert verdict("refresh")[:2] == (0, "1 of 1 verdicts judged again, 0 changed\n")
    monkeypatch.setenv("BOOMBAP_DEPS_POLICY", "strict.toml")
    code, out, _ = verdict("refresh")
    assert (code, "pass > fail (by another policy)" in out) == (1, True)


def test_a_row_that_cannot_be_judged_is_named_and_keeps_no_other_from_it(kept: Path, verdict: Deps):
    Path("p.toml").write_text('[environment.staging]\nmode = "warn"\n')
    Path("other.toml").write_text("")
    verdict("record", APP + BAD, "bad.txt", "--policy", "p.toml", "--environment", "staging")
    verdict("record", APP + GOOD, "good.txt", "--policy", "p.toml")
    code, out, _ = verdict("refresh", "--policy", "other.toml")
    assert code == 4
    assert f"{BAD} was not judged again: other.toml has no environment 'staging'" in out
    assert "1 of 2 verdicts judged again, 0 changed" in out
    with closing(sqlite3.connect(kept)) as connection, connection:
        connection.execute("UPDATE verdicts SET reading = x'00' WHERE digest = ?", (BAD,))
    code, out, _ = verdict("refresh")
    assert (code, f"{BAD} was not judged again: the verdicts in" in out) == (3, True)


def test_a_refresh_without_an_answer_never_ends_with_0(kept: Path, verdict: Deps):
    Path("open.txt").write_text("fastapi\n")
    verdict("record", APP + NONE, "open.txt")
    code, out, _ = verdict("refresh")
    assert (code, f"{APP}{NONE}: still without a verdict: " in out) == (4, True)
    (row,) = found(verdict("refresh", "--format", "json"))["unknown"]
    assert (row["digest"], row["reasons"] != []) == (NONE, True)
    verdict("record", APP + NONE, "bad.txt")
    assert verdict("refresh")[0] == 0


def test_what_was_left_out_is_named(kept: Path, verdict: Deps):
    Path("open.txt").write_text("".join(f"package{number}\n" for number in range(12)))
    code, out, _ = verdict("record", APP + NONE, "open.txt")
    assert (code, out.count("  not audited: package")) == (4, 10)
    assert "  not audited: package0 (open.txt): " in out
    assert "  not audited: 2 more; `boombap deps verdict export` has them all" in out


def test_a_document_says_whether_a_verdict_counts(kept: Path, verdict: Deps):
    verdict("record", APP + GOOD, "good.txt")
    shown = ("show", GOOD, "--format", "json")
    assert found(verdict(*shown))["verdicts"][0]["validity"] == "valid"
    for change, validity in (
        ("judged_at_s = judged_at_s + 7200", "future"),
        ("expires_at_s = 1, judged_at_s = 0", "expired"),
    ):
        with closing(sqlite3.connect(kept)) as connection, connection:
            connection.execute(f"UPDATE verdicts SET {change}")
        (row,) = found(verdict(*shown))["verdicts"]
        assert (row["verdict"], row["validity"]) == ("pass", validity)


def test_each_environment_has_its_verdict(kept: Path, verdict: Deps):
    Path("p.toml").write_text('[environment.staging]\nmode = "warn"\n')
    words = (APP + BAD, "bad.txt", "--policy", "p.toml")
    assert verdict("record", *words)[0] == 1
    assert verdict("record", *words, "--environment", "staging")[0] == 0
    assert "fail (warns only)" in verdict("show", BAD, "--environment", "staging")[1]
    assert "warns only" not in verdict("show", APP + BAD)[1]


def test_without_verdicts(kept: Path, verdict: Deps):
    assert verdict("list") == (0, "no verdict is recorded\n", "")
    assert found(verdict("export"))["verdicts"] == []
    code, out, err = verdict("show", GOOD)
    assert (code, out, f"no verdict on {GOOD} is recorded" in err) == (1, "", True)
    with pytest.raises(NoVerdict, match="no verdict is recorded"):
        verdict("refresh")
    assert not kept.exists()


def test_export_has_what_was_judged(kept: Path, verdict: Deps):
    verdict("record", APP + GOOD, "good.txt")
    (row,) = found(verdict("export"))["verdicts"]
    assert [(package["name"], package["version"]) for package in row["packages"]] == [("fastapi", "0.110.0")]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("record",), "needs an image"),
        (("record", "app:1", "good.txt"), "has no digest"),
        (("record", APP + GOOD), "needs a PATH"),
        (("record", APP + GOOD.upper(), "good.txt"), "capital letters"),
        (("show",), "needs an image"),
        (("show", "app:1"), "is not a digest"),
        (("list", APP + GOOD), "takes no image"),
        (("refresh", APP + GOOD, "good.txt"), "takes no files"),
    ],
)
def test_words_that_do_not_go_together(words: tuple[str, ...], reason: str, kept: Path, verdict: Deps):
    with pytest.raises(UsageError, match=reason) as refused:
        verdict(*words)
    assert refused.value.hint
    assert not kept.exists()
