"""What each action declares about its exit code: complete, on the page and in the help, and true where it is cheap."""

from __future__ import annotations

import fcntl
import os
import re
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import generated
from boombap.cli.main import COMMANDS
from boombap.errors import EXIT_OK, MEANINGS, PRECEDENCE, BoombapError
from ctx.repositories import repository
from deps.osv import TRUTH, database

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from caches import Cache
    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]

EXITS = {(word, action): codes for word in COMMANDS for action, codes in generated.pages().exits(word).items()}
SILENT = {
    ("ctx", "mcp"),
    ("metrics", "rules"),
    ("config", "show"),
    ("config", "check"),
    *(("completion", shell) for shell in ("bash", "zsh", "fish")),
}
CLOSED = "127.0.0.1:1"
NO_POSTGRES = {"DATABASE_URL": f"postgresql://dj@{CLOSED}/rap", "BOOMBAP_POSTGRES_CONNECT_TIMEOUT": "500ms"}
NO_REDIS = {"REDIS_URL": f"redis://{CLOSED}/0"}
WAIVED = """[[waiver]]
id = "PYSEC-2024-38"
subject = "fastapi"
reason = "not reached"
owner = "web"
expires = 2020-01-01
"""


def test_every_action_names_its_codes():
    assert {place for place, codes in EXITS.items() if not codes} == SILENT
    assert {code for codes in EXITS.values() for code in codes} == set(PRECEDENCE) - {EXIT_OK}


def test_every_code_that_an_error_leads_to_has_a_meaning():
    codes, left = set(), [BoombapError]
    while left:
        error = left.pop()
        codes.add(error.exit_code)
        left += error.__subclasses__()
    assert codes - set(MEANINGS) == set()


@pytest.mark.parametrize("word", COMMANDS)
def test_the_help_of_a_tool_names_each_code_of_its_actions(word: str):
    module: Any = COMMANDS[word][0]()
    line = module.TOOL.notes.partition("Exit codes:")[2]
    named = set(map(int, re.findall(r"(?<!\S)(\d+) ", line)))
    assert {code for (tool, _), codes in EXITS.items() if tool == word for code in codes} - named == set()


def test_the_precedence_is_printed_as_it_is():
    page = generated.pages().exits_page()
    assert "the first of 3, 4, 75, 1, 0 wins" in page
    assert all(f"\n### {word}\n" in page for word in COMMANDS)


def check(run: Run, line: str, code: int, **environment: str) -> None:
    """Run a command, and compare its code with what is wanted and with what it declares."""
    argv = line.split()
    done = run(*argv, **environment)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert code in EXITS[argv[0], argv[1]]


@pytest.mark.parametrize(
    "line",
    [
        "db diagnose",
        "db health",
        "db slow",
        "db locks",
        "db snapshot save",
        "redis info",
        "redis keys",
        "redis get artist:7",
        "redis purge --match x",
        "redis expire --match x --ttl 1h",
        "redis backup keys.jsonl",
        "redis acl",
        "redis stats",
        f"redis copy --to redis://{CLOSED}/1",
        "spotify batch",
        "spotify refresh --older-than 1d",
        "spotify plan",
        "spotify warm",
        "spotify status",
        "spotify audit",
        f"spotify choose 1 {7:022d}",
        "spotify forget 1",
        "spotify restore 1",
        "spotify cooldown show",
        "spotify export",
        "spotify emulate --from-db",
        "demo sample",
    ],
)
def test_a_server_that_is_not_there_is_3(boombap: Run, line: str):
    credentials = {"SPOTIFY_CLIENT_ID": "client", "SPOTIFY_CLIENT_SECRET": "Geheimnis"}
    check(boombap, line, 3, **NO_POSTGRES, **NO_REDIS, **credentials)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("deps audit gone.txt", 3),
        ("deps check gone.txt", 3),
        ("deps report gone.txt", 3),
        ("deps update gone.txt", 3),
        ("deps audit", 4),
        ("deps check", 4),
        ("deps report", 4),
        ("deps update", 4),
        ("deps explain PYSEC-2024-38", 4),
        ("deps serve", 4),
        ("deps sync --from nowhere", 3),
        ("ctx search x --root nowhere", 3),
        ("ctx recent --root nowhere", 3),
        ("ctx index --root nowhere", 3),
        ("ctx status --root nowhere", 3),
        ("ctx related --file gone.py", 3),
        ("ctx outline gone.py", 3),
        ("ctx map --root nowhere", 3),
        ("ctx pack x --root nowhere", 3),
        ("local status", 1),
        ("config init nowhere/boombap.toml", 3),
        ("doctor check", 1),
    ],
)
def test_without_anything_there(boombap: Run, isolated: Path, line: str, code: int):
    repository(isolated, {"pool.py": "class Pool: ...\n"})
    check(boombap, line, code, **(NO_POSTGRES if line == "doctor check" else {}))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("ctx search nothinglikethis", 1),
        ("ctx recent --since 1s", 1),
        ("ctx outline requirements.txt", 1),
        ("ctx map --lang go", 1),
        ("ctx pack nothinglikethis", 1),
        ("deps audit", 1),
        ("deps check", 1),
        ("deps explain CVE-1999-0001", 1),
        ("deps policy test --waivers waivers.toml", 1),
    ],
)
def test_the_answer_no_is_1(boombap: Run, isolated: Path, tmp_path: Path, line: str, code: int):
    files: dict[str, str | bytes] = {
        "pool.py": "class Pool: ...\n", "requirements.txt": "fastapi==0.104.1\n", "waivers.toml": WAIVED,
    }  # fmt: skip
    repository(isolated, files)
    check(boombap, line, code, BOOMBAP_DEPS_DATABASE=database(tmp_path, TRUTH))


@pytest.mark.parametrize("line", ["db diagnose --fail-on info", "db health --fail-on info"])
def test_a_finding_of_a_database_is_1(boombap: Run, faulty: Database, line: str):
    check(boombap, line, 1, DATABASE_URL=faulty.url())


def test_somebody_who_waits_is_1(boombap: Run, database: Database):
    with database.holding("LOCK tracks"), database.waiting("LOCK tracks"):
        check(boombap, "db locks", 1, DATABASE_URL=database.url())


def test_a_database_without_tables_is_4(boombap: Run, empty: Database):
    check(boombap, "db diagnose --analysis", 4, DATABASE_URL=empty.url())


@pytest.mark.parametrize("line", ["redis info --fail-on info", "redis keys --fail-on info", "redis acl --fail-on info"])
def test_a_finding_of_a_cache_is_1(boombap: Run, cache: Cache, line: str):
    cache.call("SET", "lyrics:1", "x")
    check(boombap, line, 1, REDIS_URL=cache.url)


def test_a_port_that_is_taken_is_3(boombap: Run, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        check(boombap, f"deps serve --port {port}", 3, BOOMBAP_DEPS_DATABASE=database(tmp_path, TRUTH))
        check(boombap, f"spotify emulate --port {port} --tracks 3", 3)


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    """Hold a lock as another process would."""
    with ExitStack() as stack:

        def hold(path: Path) -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            stack.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)

        yield hold


def test_another_update_is_75(boombap: Run, tmp_path: Path, held: Callable[[Path], None]):
    held(Path(os.environ["XDG_STATE_HOME"]) / "boombap" / "deps-update" / "lock")
    Path("requirements.txt").write_text("fastapi==0.104.1\n")
    check(boombap, "deps update", 75, BOOMBAP_DEPS_DATABASE=database(tmp_path, TRUTH))
