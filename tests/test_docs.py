"""The documentation says what is there: commands, keys, checks, fields, codes; links lead somewhere, examples parse."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import command_lines
import generated
from boombap import errors
from boombap.cli.config import sections
from boombap.cli.main import COMMANDS
from boombap.cli.sections import names
from boombap.command.dispatch import run_tool
from boombap.command.parse import action_parser
from boombap.db import checks, encode, model, snapshot
from boombap.db import cli as db_cli
from boombap.db.checks.catalogue import ALL
from boombap.db.fleet import Failure
from boombap.health.finding import Finding, Severity, Skipped
from boombap.interrupt import Interrupt
from boombap.redis import checks as redis_checks
from boombap.redis import encode as redis_encode
from boombap.redis import model as redis_model
from boombap.redis.acl_rules import User
from boombap.redis.transfer import export_format
from boombap.spotify import encode as spotify_encode
from boombap.spotify import options as spotify_options
from boombap.spotify.model import Outcome
from schemas.validation import FOLDER, objects, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
SIGNAL_CODES = {130, 143}
# Besides the example domains of RFC 2606, the only hosts that a page may name.
KNOWN_HOSTS = {"127.0.0.1", "keepachangelog.com", "api.spotify.com", "accounts.spotify.com", "developer.spotify.com"}
KNOWN_HOSTS |= {"open.spotify.com"}  # links of tracks
KNOWN_HOSTS |= {"storage.googleapis.com"}  # of OSV's public export
EXAMPLE_HOST = re.compile(r"(?:[\w-]+\.)?example\.org")
MACHINE = re.compile(r"/(?:work|tmp|root|home|mnt|srv)(?:/|\b)|/var/tmp|10\.\d+\.\d+\.\d+|192\.168\.")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def pages() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])


def test_the_generated_pages_are_current():
    assert generated.pages().stale() == []


def test_a_code_that_an_action_no_longer_declares_makes_its_page_stale(monkeypatch: pytest.MonkeyPatch):
    pages, action = generated.pages(), db_cli.TOOL.actions[0]
    changed = db_cli.TOOL.replace(actions=(action.replace(exits={}), *db_cli.TOOL.actions[1:]))
    monkeypatch.setattr(db_cli, "TOOL", changed)
    monkeypatch.setattr(pages, "PAGES", {"docs/reference/exit-codes.md": pages.exits_page})
    assert pages.stale() == ["docs/reference/exit-codes.md"]


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_is_documented(word: str):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"| `boombap {word}` | {COMMANDS[word][1]} |" in readme
    assert f"## boombap {word}\n" in page("reference/cli.md")


@pytest.mark.parametrize("key", [key for section in sections() for key in section.keys], ids=lambda key: key.dotted)
def test_every_configuration_key_is_documented(key: model.Record):
    text = page("reference/config.md")
    assert all(f"`{name}`" in text for name in (key.dotted, *key.env))


@pytest.mark.parametrize("old", [old for old, _ in names().renamed])
def test_no_page_names_a_setting_by_its_old_name(old: str):
    key = "" if "." in old else r"\.[a-z_]+"
    pattern = re.compile(rf"`{re.escape(old)}{key}`")
    pages = [path for path in (*PAGES, *DOCS.rglob("*.json")) if path.name != "CHANGELOG.md"]
    assert [path.name for path in pages if pattern.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("check", [check.id for check in ALL])
def test_every_check_has_a_row(check: str):
    assert re.search(rf"^\| `{check}` \| (?:none|pg_monitor|SELECT)", page("reference/checks.md"), re.MULTILINE)


def finding_ids() -> Iterator[str]:
    assert checks.__file__
    for path in Path(checks.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}"
                yield node.args[0].value


def test_every_finding_is_documented():
    ids = set(finding_ids())
    assert len(ids) > len(ALL) / 2
    assert [name for name in sorted(ids) if f"| `{name}` |" not in page("reference/checks.md")] == []


def test_no_check_is_documented_that_is_not_there():
    rows = set(re.findall(r"^\| `(\w+)` \|", page("reference/checks.md"), re.MULTILINE))
    assert rows == {check.id for check in ALL} | set(finding_ids())


def test_the_changelog_counts_the_checks():
    assert f"{len(ALL)} checks" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_severity_is_a_choice_that_is_documented():
    assert all(f"`{severity.word}`" in page("reference/exit-codes.md") for severity in Severity)


@pytest.mark.parametrize("place", [ROOT / "README.md", DOCS / "reference/exit-codes.md"], ids=["README", "reference"])
def test_every_exit_code_is_documented(place: Path):
    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")} | SIGNAL_CODES
    table = place.read_text(encoding="utf-8").split("| code | meaning", 1)[1].partition("\n\n")[0]
    rows = re.findall(r"^\| (\d+) \|", table, re.MULTILINE)
    assert sorted(map(int, rows)) == sorted(codes)


def test_every_option_of_db_is_documented():
    text = page("reference/db.md")
    parsers = [action_parser(action, "boombap db") for action in db_cli.TOOL.actions]
    options = {name for parser in parsers for name in parser._option_string_actions}
    assert [name for name in options if f"`{name}" not in text] == []
    assert all(f"`{action.name}" in text for action in db_cli.TOOL.actions)


@pytest.mark.parametrize(
    "shape",
    [
        model.Diagnosis,
        model.Absent,
        model.Server,
        model.Tracks,
        model.Analyzer,
        model.Connections,
        model.Source,
        model.XminHolder,
        model.Table,
        model.Unanalyzed,
        model.Health,
        model.Statement,
        model.Blocked,
        snapshot.Snapshot,
        snapshot.Change,
        Finding,
        Skipped,
    ],
)
def test_every_field_of_the_json_is_documented(shape: type[model.Record]):
    text = page("reference/db.md")
    assert [name for name in shape.__match_args__ if f"`{name}`" not in text] == []


def test_every_form_is_documented():
    text = page("reference/db.md")
    source = Path(db_cli.__file__).read_text(encoding="utf-8")
    written = set(re.findall(r'"(boombap\.db[\w.]*/\d+)"', source))
    for form in {encode.SCHEMA, encode.FLEET_SCHEMA, snapshot.SCHEMA} | written:
        assert f"### {form}\n" in text
    assert all(f"| `{column}` |" in text for column in encode.CSV_HEAD)
    assert all(f"`{name}`" in text for name in (*Failure.__match_args__[:2], "error"))


def test_every_form_option_and_verdict_of_spotify_is_documented():
    text = page("reference/spotify.md")
    source = Path(spotify_encode.__file__).read_text(encoding="utf-8")
    forms = set(re.findall(r'"(boombap\.spotify[\w.]*/\d+)"', source))
    assert len(forms) > 5
    assert [form for form in forms if f"### {form}\n" not in text] == []
    assert [name for name in re.findall(r'^        "(\w+)": ', source, re.MULTILINE) if f"`{name}`" not in text] == []
    help_text = (Path(spotify_options.__file__)).read_text(encoding="utf-8")
    assert [
        name for name in re.findall(r'"(--[\w-]+)"', help_text) if f"`{name}" not in text and name != "--format"
    ] == []
    assert all(f"| `{outcome.value}` |" in text for outcome in Outcome)


@pytest.mark.parametrize("word", COMMANDS)
def test_every_command_has_a_reference_page(word: str):
    """Linked from the index, with each of its actions and options."""
    match = re.search(rf"\[boombap {word}\]\(reference/([\w-]+\.md)(#{word})?\)", page("index.md"))
    assert match
    text = page(f"reference/{match[1]}")
    if match[2]:
        text = text.partition(f"\n## {word}\n")[2].partition("\n## ")[0]
    actions = COMMANDS[word][0]().TOOL.actions
    parsers = [action_parser(action, "") for action in actions]
    options = {name for parser in parsers for name in parser._option_string_actions if name.startswith("--")}
    assert [action.name for action in actions if not re.search(rf"(`|\b{word} ){action.name}\b", text)] == []
    # Those of the others are on the page of every help, and their pages say so.
    assert [name for name in options - {"--help", "--quiet"} if name not in text] == [] or (
        word in {"ctx", "deps", "spotify"} and "(cli.md)" in text
    )


def test_every_form_and_field_of_redis_is_documented():
    text = page("reference/redis.md")
    source = Path(redis_encode.__file__).read_text(encoding="utf-8")
    forms = {f"boombap.redis{name}" for name in re.findall(r'f"{_SCHEMA}(\.\w+/\d+)"', source)}
    assert len(forms) > 5
    assert [form for form in forms if f"### {form}\n" not in text] == []
    shapes = (
        redis_model.Health, redis_model.Entry, redis_model.Branch, redis_model.KeyspaceStats, redis_model.Plan,
        redis_model.Done, redis_model.Value, Finding, User,
    )  # fmt: skip
    names = {name for shape in shapes for name in shape.__match_args__}
    names |= set(re.findall(r'^        "(\w+)": ', source, re.MULTILINE)) | set(redis_encode._NUMBERS.values())
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []
    assert [f"`{name}`" in text for name in ("schema", "form", "job", *export_format.ExportedKey.__match_args__)]


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("redis-*.json")))
def test_every_field_of_a_schema_of_redis_is_documented(name: str):
    """In the section of its form, or in one above it for what several forms have."""
    form = schema(name)["properties"]["schema"]["const"]
    text, title, section = page("reference/redis.md").partition(f"### {form}\n")
    assert title
    text += section.partition("\n### ")[0]
    names = {field for part in objects(schema(name)) for field in part["properties"]} - {"base64"}
    assert [field for field in sorted(names) if f"`{field}`" not in text] == []


def test_every_finding_of_redis_is_documented():
    assert redis_checks.__file__
    files = Path(redis_checks.__file__).parent.glob("*.py")
    ids = {name for path in files for name in re.findall(r'Finding\(\s*"(\w+)"', path.read_text(encoding="utf-8"))}
    table = page("reference/redis.md").partition("\n## Checks\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == ids


def headings(path: Path) -> set[str]:
    """Give the anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pages()
def test_every_relative_link_leads_somewhere(path: Path):
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        name, _, anchor = link.partition("#")
        there = (path.parent / name).resolve() if name else path
        assert there.is_file(), link
        assert not anchor or anchor in headings(there), link


def test_the_site_has_every_page():
    listed = re.findall(r"^ +- ([\w/.-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


@pages()
def test_no_page_names_a_machine(path: Path):
    text = path.read_text(encoding="utf-8")
    assert MACHINE.findall(text) == []
    hosts = set(re.findall(r"(?:https?|postgres(?:ql)?|rediss?)://(?:[^@/\s]*@)?([\w.-]*)", text)) - {""}
    assert {host for host in hosts - KNOWN_HOSTS if not EXAMPLE_HOST.fullmatch(host)} == set()


@pages()
def test_no_page_shouts(path: Path):
    prose = re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert "!" not in prose


def commands() -> Iterator[tuple[str, str]]:
    """Give every example line, and every command in backquotes, with its page."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
            for line in block.splitlines():
                if line.strip():
                    assert line.strip().startswith("$ "), f"{path}: {line}"
                    yield str(path.relative_to(ROOT)), line.strip().removeprefix("$ ")
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for span in re.findall(r"`((?:boombap|database-diagnostics|spotify-processor|make) [^`]+)`", prose):
            yield str(path.relative_to(ROOT)), span


EXAMPLES = sorted(set(commands()))


@pytest.mark.parametrize(("place", "line"), EXAMPLES, ids=[f"{place}: {line}" for place, line in EXAMPLES])
def test_every_example_parses(place: str, line: str):
    first = shlex.split(line)
    first = first[: next((index for index, word in enumerate(first) if word in ("|", ">", "&&")), None)]
    while first and re.fullmatch(r"[A-Z_]+=.*", first[0]):
        first.pop(0)
    if first[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        # Targets of the plan are named beside ours there; tests/test_plan_lines.py looks at both.
        assert place == "docs/plan-lines.md" or re.search(rf"^{first[1]}:", makefile, re.MULTILINE)
    if first[0] == "database-diagnostics":
        first[:1] = ["boombap", "db"]
    if first[0] == "spotify-processor":
        first[:1] = ["boombap", "spotify"]
    if first[0] == "boombap":
        parse(first[1:])


def parse(line: list[str]) -> None:
    word, *rest = line
    if word == "help" and rest:
        assert rest[0] in COMMANDS
        return
    if word in ("--help", "--version", "COMMAND"):
        return
    command_lines.check(word, rest)


def test_the_example_of_an_action_runs(capsys: pytest.CaptureFixture[str]):
    """The code of CONTRIBUTING's section, as it stands there."""
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## How to add an action")[2]
    code = section.partition("```python\n")[2].partition("```")[0]
    space: dict[str, Any] = {}
    exec(code, space)
    assert run_tool(space["TOOL"], ["oldest", "-n", "1"], prog="boombap cellar", interrupt=Interrupt()) == 0
    assert capsys.readouterr().out == "1979: Rapper's Delight\n"
    run_tool(space["TOOL"], ["oldest", "--format", "json"], prog="boombap cellar", interrupt=Interrupt())
    assert '"crates"' in capsys.readouterr().out
