from __future__ import annotations

import json
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from http.client import HTTPSConnection
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boombap.cli import sections
from boombap.command.dispatch import run_tool
from boombap.deps.advisories.database import place
from boombap.deps.cli import TOOL
from boombap.deps.sample.load import sample_database, sample_project
from boombap.errors import ConfigError
from boombap.interrupt import Interrupt
from deps.osv import TRUTH, YESTERDAY, database, export, record, set_facts
from deps.verdicts.images import recorded
from server.wire import self_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Done = tuple[int, str, str]

REQUIREMENTS = "fastapi==0.104.1\nblack==23.12.1\nredis==5.3.1\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the ground truth, and a project that it is about."""
    made = database(tmp_path, TRUTH)
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", made)
    Path("requirements.txt").write_text(REQUIREMENTS)
    return made


@pytest.fixture
def deps(capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    def run(*words: str) -> Done:
        code = run_tool(TOOL, words, prog="deps", interrupt=Interrupt(), scope=sections.names)
        return (code, *capsys.readouterr())

    return run


def test_an_audit_as_the_plan_writes_it(folder: str, boombap: Run):
    done = boombap("deps", "audit", "--severity=high")
    rows = [line.split()[:5] for line in done.stdout.splitlines()[1:3]]
    assert rows == [
        ["high", "7.5", "fastapi", "0.104.1", "PYSEC-2024-38"],
        ["unknown", "black", "23.12.1", "PYSEC-2024-48", "CVE-2024-21503"],
    ]
    assert done.stdout.splitlines()[-1] == "2 findings in 3 packages"
    assert done.returncode == 1


def test_what_is_below_the_severity_is_counted_and_unknown_is_shown(folder: str, deps):
    code, out, err = deps("audit", "--severity", "critical")
    assert (code, "black" in out, "fastapi" in out) == (1, True, False)
    assert (out.splitlines()[-1], err) == ("1 finding in 3 packages; 1 below critical are not shown", "")


@pytest.mark.parametrize("form", ["table", "json", "markdown", "html", "sarif", "cyclonedx", "junit"])
def test_a_floor_never_turns_findings_into_no_known_vulnerabilities(folder: str, deps, form: str):
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    code, out, _ = deps("audit", "--severity", "critical", "--format", form)
    assert code == 0
    assert "no known vulnerabilities" not in out
    if form == "json":
        found = json.loads(out)
        assert (found["floor"], found["hidden"], found["findings"]) == ("critical", 1, [])
    else:
        assert re.search(r"\b1\b.*(?:below.critical|not shown|not listed)|below.critical.*\b1\b", out, re.DOTALL)


def test_paths_may_stand_before_and_after_options(folder: str, deps):
    Path("requirements-dev.txt").write_text("redis==5.3.1\n")
    found = deps("audit", "requirements-dev.txt", "--format", "json", "requirements.txt")[1]
    assert json.loads(found)["files"] == ["requirements-dev.txt", "requirements.txt"]


def test_a_clean_audit(folder: str, deps):
    Path("requirements.txt").write_text("redis==5.3.1\n")
    code, out, err = deps("audit")
    assert (code, out.splitlines()[-1], err) == (0, "no known vulnerabilities in 1 package", "")


@pytest.mark.parametrize("words", [["audit"], ["check"], ["check", "--ci-mode"], ["report"]])
def test_without_any_database_nothing_is_clean(words: list[str], boombap: Run, isolated: Path):
    (isolated / "requirements.txt").write_text("redis==5.3.1\n")
    done = boombap("deps", *words)
    assert done.returncode == 4
    assert "vulnerabilities" not in done.stdout + done.stderr
    assert "no advisory database for PyPI" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", ["", "# nothing\n"])
def test_nothing_to_audit_is_no_verdict(content: str, folder: str, deps):
    Path("requirements.txt").write_text(content)
    code, out, _ = deps("audit")
    assert (code, out.splitlines()[-1]) == (4, "no verdict: no dependency was audited")


def test_a_file_that_cannot_be_read_is_no_verdict(folder: str, deps):
    Path("poetry.lock").write_text("[[package]\n")
    code, out, _ = deps("audit")
    assert code == 4
    assert "gap: poetry.lock could not be read" in out
    assert "fastapi" in out


def test_an_old_database_is_no_verdict(folder: str, deps, monkeypatch):
    _age(folder, 9 * 86_400)
    code, out, _ = deps("audit")
    assert (code, "is 9 d old, more than 7 d" in out) == (4, True)
    monkeypatch.setenv("BOOMBAP_DEPS_MAX_AGE", "10d")
    assert deps("audit")[0] == 1


@pytest.mark.parametrize("words", [["audit"], ["check"], ["report"]])
def test_a_mirror_that_stopped_is_no_verdict(words: list[str], tmp_path: Path, deps, monkeypatch):
    old = [{**known, "modified": "2019-01-01T00:00:00Z", "published": "2019-01-01T00:00:00Z"} for known in TRUTH]
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, old))
    Path("requirements.txt").write_text("redis==5.3.1\n")
    code, out, _ = deps(*words, "--format", "table")
    assert code == 4
    assert re.search(r"no verdict: the newest advisory of PyPI is \d+ d( \d+ h)? old, more than 7 d: check that /", out)
    Path("policy.toml").write_text('max_db_age = "10years"\n')
    assert deps(*words, "--policy", "policy.toml")[0] == 0


def _age(folder: str, seconds: int) -> None:
    set_facts(folder, checked_at_s=int(time.time()) - seconds)


def test_a_damaged_database_is_a_failure(folder: str, deps, boombap: Run):
    Path(place(folder, "PyPI")).write_bytes(b"x" * 5000)
    done = boombap("deps", "audit")
    assert (done.returncode, done.stdout) == (3, "")
    assert "deps sync --rebuild" in done.stderr


@pytest.mark.parametrize("words", [["audit"], ["check"], ["report", "--format", "json"], ["explain", "PYSEC-2024-38"]])
def test_a_database_that_lost_its_rows_is_a_failure(words: list[str], folder: str, boombap: Run):
    with closing(sqlite3.connect(place(folder, "PyPI"))) as connection, connection:
        connection.execute("DELETE FROM affected")
    done = boombap("deps", *words)
    assert (done.returncode, done.stdout) == (3, "")
    assert "checksum does not fit" in done.stderr
    assert "deps sync" in done.stderr


def test_a_damaged_database_is_stale(folder: str, tmp_path: Path, deps):
    Path(place(folder, "PyPI")).write_bytes(b"x" * 5000)
    code, _, err = deps("sync", "--if-stale", "--from", str(tmp_path / "export"), "--ecosystem", "PyPI")
    assert (code, "PyPI: built, 4 records" in err) == (0, True)


def test_check_lets_pass_what_the_policy_allows(folder: str, deps):
    Path("policy.toml").write_text('severity = "critical"\nunknown_severity = "warn"\n')
    code, out, _ = deps("check", "--policy", "policy.toml")
    assert (code, out.splitlines()[-1]) == (0, "none of 2 findings in 3 packages blocks")
    assert deps("check")[0] == 1


def test_check_in_ci_names_file_and_line(folder: str, deps):
    code, out, _ = deps("check", "--ci-mode")
    assert code == 1
    assert out.startswith("::error file=requirements.txt,line=1,title=fastapi 0.104.1%3A PYSEC-2024-38::high 7.5")


def test_an_unpinned_requirement_fails_check_and_is_listed_by_audit(folder: str, deps):
    Path("requirements.txt").write_text("redis==5.3.1\nflask\n")
    code, out, _ = deps("audit")
    assert (code, out.splitlines()[-1]) == (4, "no verdict: 1 could not be audited, the policy allows 0")
    assert "write flask==" in out
    assert deps("check")[0] == 4


def test_a_policy_may_accept_what_cannot_be_audited(folder: str, deps):
    Path("requirements.txt").write_text("redis==5.3.1\nflask\n")
    Path("policy.toml").write_text("max_unaudited = 1\n")
    code, out, _ = deps("audit", "--policy", "policy.toml")
    assert (code, out.splitlines()[-1]) == (0, "no findings to show in 1 package; 1 could not be audited")


@pytest.mark.parametrize("words", [["audit"], ["check"], ["check", "--ci-mode"], ["report"]])
@pytest.mark.parametrize("form", ["table", "json", "markdown", "html", "sarif", "cyclonedx", "junit"])
def test_every_form_says_that_something_was_left_out(words: list[str], form: str, folder: str, deps):
    Path("requirements.txt").write_text("redis==5.3.1\nflask\n")
    code, out, _ = deps(*words, "--format", form)
    assert code == 4
    assert "no known vulnerabilities" not in out
    assert "flask" in out or "--ci-mode" in words
    assert re.search("1 could not be audited", out)
    if form == "json":
        assert (json.loads(out)["verdict"], json.loads(out)["gaps"][0]["rule"]) == ("unknown", "max_unaudited")
    if form == "sarif":
        assert json.loads(out)["runs"][0]["invocations"][0]["executionSuccessful"] is False
    if form == "junit":
        assert 'errors="1"' in out


@pytest.mark.parametrize("words", [["audit"], ["check"], ["report"]])
@pytest.mark.parametrize("form", ["table", "json", "markdown", "html", "sarif", "cyclonedx", "junit"])
def test_every_form_says_what_is_excluded_and_why(words: list[str], form: str, folder: str, deps):
    Path("requirements.txt").write_text("redis==5.3.1\n")
    Path("old").mkdir()
    Path("old/mix.lock").write_text("{}")
    assert deps(*words, "--format", form)[0] == 4
    Path("policy.toml").write_text('exclude = { "old/*" = "ends in March" }\n')
    code, out, _ = deps(*words, "--format", form, "--policy", "policy.toml")
    assert (code, "no known vulnerabilities" in out) == (0, False)
    assert "old/mix.lock" in out.replace("\\", "")
    assert "ends in March" in out


@pytest.mark.parametrize("pattern", ["old", "old/", "old/*", "old/requirements.txt", "*.txt"])
def test_a_pattern_leaves_out_files_and_folders(pattern: str, folder: str, deps):
    Path("old").mkdir()
    Path("old/requirements.txt").write_text("flask\n")
    Path("requirements.txt").unlink()
    Path("reqs.pip").write_text("redis==5.3.1\n")
    Path("policy.toml").write_text(f"exclude = {{ '{pattern}' = 'not shipped' }}\n")
    code, out, _ = deps("list", "--policy", "policy.toml")
    assert (code, out.splitlines()[-1]) == (0, "2 files (1 read, 1 excluded), 1 package")
    assert "flask" not in out


def test_an_excluded_file_that_another_one_includes_is_read(folder: str, deps):
    Path("requirements.txt").write_text("-r old.txt\n")
    Path("old.txt").write_text("fastapi==0.104.1\n")
    Path("policy.toml").write_text("exclude = { 'old.txt' = 'not shipped' }\n")
    code, out, _ = deps("check", "--policy", "policy.toml", "--format", "json")
    assert (code, {item["state"] for item in json.loads(out)["inventory"]}) == (1, {"read"})


@pytest.mark.parametrize("value", ['{ "old/*" = "" }', '{ "old/*" = true }', '["old/*"]', '{ "" = "why" }'])
def test_an_exclusion_without_a_reason_is_refused(value: str, folder: str, deps):
    Path("policy.toml").write_text(f"exclude = {value}\n")
    with pytest.raises(ConfigError, match="exclude is"):
        deps("check", "--policy", "policy.toml")


def test_a_list_of_files_and_packages(folder: str, deps):
    Path("requirements.txt").write_text("redis==5.3.1\nflask\n")
    Path("App.csproj").write_text("<Project/>")
    Path("requirements.in").write_text("redis\n")
    code, out, _ = deps("list")
    assert code == 4
    assert [line.split()[:2] for line in out.splitlines()[1:4]] == [
        ["App.csproj", "gap"], ["requirements.in", "superseded"], ["requirements.txt", "read"],
    ]  # fmt: skip
    assert "no version: flask (requirements.txt:2): not pinned to a version" in out
    assert out.splitlines()[-1] == "3 files (1 read, 1 superseded, 1 gap), 1 package, 1 without a version"


@pytest.mark.parametrize("form", ["table", "json", "markdown", "html", "sarif", "cyclonedx", "junit"])
def test_every_form_says_that_an_advisory_has_no_version(form: str, tmp_path: Path, deps, monkeypatch):
    git_only = record("GHSA-git", "redis")
    git_only["affected"][0]["ranges"] = [{"type": "GIT", "repo": "x", "events": [{"introduced": "0"}]}]
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, [*TRUTH, git_only]))
    Path("requirements.txt").write_text("redis==5.3.1\n")
    code, out, _ = deps("audit", "--format", form)
    assert code == 1
    assert "no known vulnerabilities" not in out
    assert re.search("GHSA.{1,2}git", out)
    assert form != "junit" or 'failures="1"' in out


WAIVER = '[[waiver]]\nid = "{}"\nsubject = "fastapi"\nreason = "no forms here"\nowner = "api team"\nexpires = {}\n'


@pytest.mark.parametrize(("day", "code"), [("2099-01-01", 0), ("2020-01-01", 1)])
def test_a_waiver_until_its_day(day: str, code: int, folder: str, deps):
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    Path("waivers.toml").write_text(WAIVER.format("CVE-2024-24762", day))
    done, out, _ = deps("check", "--waivers", "waivers.toml")
    assert done == code
    assert ("waived" if code == 0 else "expired waiver: PYSEC-2024-38 on fastapi 0.104.1") in out
    listed = deps("policy", "test", "--waivers", "waivers.toml")
    assert (listed[0], "api team" in listed[1]) == (code, True)


def test_a_baseline_leaves_what_is_new(folder: str, deps):
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    assert deps("report", "--output", "before.json") == (0, "", "")
    assert deps("check", "--baseline", "before.json")[0] == 0
    Path("requirements.txt").write_text(REQUIREMENTS)
    code, out, _ = deps("check", "--baseline", "before.json")
    assert (code, out.splitlines()[-1]) == (1, "1 of 2 findings in 3 packages blocks")


def test_a_baseline_does_not_cover_another_file_or_version(folder: str, deps):
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    assert deps("report", "--output", "before.json") == (0, "", "")
    Path("new").mkdir()
    Path("new/requirements.txt").write_text("fastapi==0.104.1\n")
    assert deps("check", "--baseline", "before.json")[0] == 1
    assert deps("check", "--baseline", "before.json", str(Path("requirements.txt").resolve()))[0] == 0
    Path("requirements.txt").write_text("fastapi==0.104.0\n")
    assert deps("check", "--baseline", "before.json", "requirements.txt")[0] == 1


def test_since_a_revision(folder: str, deps):
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *words], check=True)
    Path("requirements.txt").write_text(REQUIREMENTS)
    code, out, _ = deps("check", "--since", "HEAD")
    assert (code, out.splitlines()[-1]) == (1, "1 of 2 findings in 3 packages blocks")
    from boombap.errors import ExternalError

    with pytest.raises(ExternalError, match="no revision"):
        deps("check", "--since=--output=x")


def test_a_report_is_a_document_and_exits_with_0(folder: str, deps):
    code, out, _ = deps("report", "--format=json")
    assert (code, json.loads(out)["verdict"]) == (0, "fail")
    code, out, _ = deps("report", "--compliance", "owasp")
    assert (code, "A03:2025" in out) == (0, True)


def test_explain_finds_by_alias_and_says_when_not(folder: str, deps):
    code, out, _ = deps("explain", "cve-2024-24762")
    assert (code, out.split()[0]) == (0, "PYSEC-2024-38")
    assert "withdrawn" in deps("explain", "PYSEC-2023-45")[1]
    assert deps("explain", "CVE-1999-1") == (1, "", "no database knows 'CVE-1999-1'\n")


def test_explain_in_json_is_one_document(tmp_path: Path, deps, monkeypatch):
    of_npm = record("GHSA-9", "fastapi", {"introduced": "0"}, ecosystem="npm", aliases=["CVE-2024-24762"])
    database(tmp_path, [of_npm], "npm")
    twin = record("GHSA-8", "fastapi", {"introduced": "0"}, aliases=["CVE-2024-24762"])
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, [*TRUTH, twin]))
    code, out, err = deps("explain", "CVE-2024-24762", "--format", "json")
    found = json.loads(out)
    assert (code, err, found["schema"], found["id"]) == (0, "", "boombap.deps.explain/1", "CVE-2024-24762")
    known = [(entry["ecosystem"], entry["record"]["id"]) for entry in found["advisories"]]
    assert sorted(known) == [("PyPI", "GHSA-8"), ("PyPI", "PYSEC-2024-38"), ("npm", "GHSA-9")]
    assert TRUTH[0] in [entry["record"] for entry in found["advisories"]]
    code, out, err = deps("explain", "CVE-1999-1", "--format", "json")
    assert (code, json.loads(out)["advisories"], err) == (1, [], "no database knows 'CVE-1999-1'\n")


def test_explain_cannot_steer_the_terminal(tmp_path: Path, deps, monkeypatch):
    evil = record("X-1", "x\x1b[2J", {"introduced": "0"}, details="a\x1b]0;owned\x07b", aliases=["CVE-1"])
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", database(tmp_path, [evil]))
    assert "\x1b" not in deps("explain", "X-1")[1]


def test_sync_of_what_a_mirror_has(tmp_path: Path, deps, monkeypatch):
    source = export(tmp_path / "export", TRUTH)
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", str(tmp_path / "db"))
    code, out, err = deps("sync", "--from", str(source))
    assert (code, out) == (0, "")
    assert f"PyPI: built, 4 records, newest {YESTERDAY[:10]}" in err
    assert "npm: no npm/all.zip" in err
    assert "is current" in deps("sync", "--from", str(source))[2]
    (source / "PyPI/all.zip").write_bytes(b"PK")
    assert deps("sync", "--from", str(source), "--ecosystem", "PyPI")[0] == 3
    Path("requirements.txt").write_text(REQUIREMENTS)
    assert deps("audit")[0] == 1


def test_a_sync_of_nothing_is_a_failure(tmp_path: Path, boombap: Run):
    """A mirror that lost everything must not look like one that has nothing new."""
    (tmp_path / "export").mkdir()
    done = boombap("deps", "sync", "--from", str(tmp_path / "export"))
    assert done.returncode == 3
    assert "nothing was taken in" in done.stderr


def test_an_export_that_shrank_needs_two_words(tmp_path: Path, deps, monkeypatch):
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", str(tmp_path / "db"))
    made = [record(f"A-{at}", f"p{at}", {"introduced": "0"}) for at in range(100)]
    words = ["sync", "--from", str(export(tmp_path / "export", made)), "--ecosystem", "PyPI"]
    assert deps(*words)[0] == 0
    export(tmp_path / "export", made[:10])
    for more in ([], ["--rebuild"]):
        code, _, err = deps(*words, *more)
        assert (code, "90 of 100 advisories" in err) == (3, True)
    assert deps(*words, "--rebuild", "--accept-loss")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "--environment", "production"], "--environment needs a policy"),
        (["audit", "--ci-mode"], "audit has no option --ci-mode; it is an option of check"),
        (["audit", "--formt", "json"], "audit has no option --formt; did you mean --format"),
        (
            ["report", "--compliance", "nist", "--format", "sarif"],
            "--compliance comes as table, json, markdown or html",
        ),
        (["frobnicate"], "unknown action 'frobnicate'"),
        (["adit"], "unknown action 'adit'; did you mean `boombap deps audit`"),
        (["explain"], "missing argument: ID; see `boombap deps explain --help`"),
    ],
)
def test_words_that_do_not_fit_are_usage_errors(words: list[str], message: str, boombap: Run):
    done = boombap("deps", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"boombap deps: {message}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["deps", "dependency-manager"])
def test_the_other_names_show_themselves(name: str):
    """A line that is copied from the help or from an error must run as it stands."""
    code = f"import sys; from boombap.cli.scripts import {name.replace('-', '_')} as main; sys.exit(main())"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    assert run().stdout == run("--help").stdout
    assert run("--help").stdout.startswith(f"usage: {name} ACTION")
    assert run("help", "audit").stdout.startswith(f"usage: {name} audit ")
    assert f"\n  {name} audit --severity high\n" in run("audit", "--help").stdout
    assert run("explain").stderr == f"{name}: missing argument: ID; see `{name} explain --help`\n"
    assert run("adit").stderr == f"{name}: unknown action 'adit'; did you mean `{name} audit`\n"


@pytest.mark.parametrize("name", ["requirements.in", "json.py"])
def test_a_stale_database_is_used_while_a_sync_runs_behind_it(
    folder: str, deps, tmp_path: Path, monkeypatch, name: str
):
    """A module of the audited folder never runs in the sync."""
    Path(name).write_text("raise SystemExit('this ran')\n" * name.endswith(".py"))
    export(tmp_path / "export", [*TRUTH, record("PYSEC-9", "redis", {"introduced": "0"})])
    monkeypatch.setenv("BOOMBAP_DEPS_SOURCE", str(tmp_path / "export"))
    _age(folder, 25 * 3600)
    code, out, err = deps("audit")
    assert (code, "redis" in out.splitlines()[1:3]) == (1, False)
    assert "a sync runs in the background" in err
    deadline = time.monotonic() + 20
    # No sleep: each audit is the look itself.
    while "PYSEC-9" not in deps("audit", "--format", "json")[1]:
        assert time.monotonic() < deadline


def test_the_sample_says_that_it_is_one(tmp_path: Path, deps, monkeypatch):
    sample_database(tmp_path / "sample")
    sample_project(Path())
    monkeypatch.setenv("BOOMBAP_DEPS_DATABASE", str(tmp_path / "sample"))
    code, out, _ = deps("audit")
    assert code == 4
    assert "made up for a demonstration" in out
    assert "gap: 1 could not be audited, the policy allows 0\n" in out
    answer = "no verdict: the advisories of PyPI are made up for a demonstration: run `boombap deps sync`"
    assert out.splitlines()[-1] == f"{answer}; 3 findings in 4 packages"


def test_serve_answers_and_ends(folder: str, start_boombap):
    child = start_boombap("deps", "serve", "--port", "0")
    line = child.stderr.readline()
    assert line.startswith("advisories and verdicts are served at http://127.0.0.1:")
    child.terminate()
    assert child.wait(10) == 143


def test_serve_needs_advisories_or_verdicts(start_boombap, tmp_path: Path):
    nothing = {"BOOMBAP_DEPS_DATABASE": str(tmp_path / "none"), "BOOMBAP_DEPS_VERDICTS": str(tmp_path / "none.db")}
    child = start_boombap("deps", "serve", "--port", "0", **nothing)
    assert (child.wait(30), "there are no databases in" in child.stderr.read()) == (4, True)
    child = start_boombap(
        "deps", "serve", "--port", "0", **nothing | {"BOOMBAP_DEPS_VERDICTS": str(recorded(tmp_path))}
    )
    assert "answers 503 until `boombap deps sync`" in child.stderr.readline()
    assert child.stderr.readline().startswith("advisories and verdicts are served at http://127.0.0.1:")
    child.terminate()
    assert child.wait(10) == 143


def test_serve_over_tls_with_a_token_while_200_clients_say_nothing(folder: str, start_boombap, tmp_path: Path):
    made = self_signed(tmp_path)
    files = ("--cert", str(made.chain), "--key", str(made.key))
    child = start_boombap("deps", "serve", "--port", "0", *files, BOOMBAP_DEPS_SERVE_TOKEN="t0k3n")
    port = int(child.stderr.readline().rpartition(":")[2])
    context = ssl.create_default_context(cafile=made.chain)
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        client = HTTPSConnection("localhost", port, timeout=5, context=context)
        stack.callback(client.close)
        statuses = []
        token = {"Authorization": "Bearer t0k3n"}
        for path, headers in (("/healthz", {}), ("/v1/vulns/X-1", {}), ("/v1/vulns/X-1", token)):
            client.request("GET", path, headers=headers)
            response = client.getresponse()
            response.read()
            statuses.append(response.status)
    assert statuses == [200, 401, 404]


def test_the_other_name_is_installed(folder: str):
    script = Path(sys.executable).with_name("dependency-manager")
    if not script.exists():
        pytest.skip("the package is not installed")
    done = subprocess.run([script, "audit"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, "2 findings in 3 packages")
