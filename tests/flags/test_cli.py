"""The installed command as a process: answers, exit codes, bad input, and many writers at once."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import servers
from boombap.flags.fallback import Fallback
from boombap.flags.model import NAMES

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from caches import Cache

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]


def folder() -> Path:
    return Path(os.environ["XDG_STATE_HOME"]) / "boombap" / "flags"


def flags(boombap: Run, *words: str, code: int = 0, **environment: str) -> str:
    done = boombap("flags", *words, **environment)
    assert done.returncode == code, done.stderr
    return done.stdout


def answer(boombap: Run, *words: str, code: int = 0, **environment: str) -> Any:
    return json.loads(flags(boombap, *words, "--format", "json", code=code, **environment))


def shares(boombap: Run, **environment: str) -> dict[str, float]:
    return {row["name"]: row["percent"] for row in answer(boombap, "list", **environment)["flags"]}


def test_without_flags_every_tool_is_native(boombap: Run):
    assert shares(boombap) == dict.fromkeys(NAMES, 100.0)
    assert "no flag was ever set" in flags(boombap, "status")
    assert flags(boombap, "history") == "no changes\n"
    assert not folder().exists()


@pytest.mark.parametrize("percent", ["0", "0.01", "12.5", "99.99", "100", "100.0"])
def test_set_and_list(boombap: Run, percent: str):
    flags(boombap, "set", "db-engine", "--percent", percent)
    assert shares(boombap)["db-engine"] == float(percent)
    assert shares(boombap)["ctx-engine"] == 100.0


@pytest.mark.parametrize(
    "percent", ["-1", "100.01", "101", "150", "x", "", "1e2", "nan", "5%", "0.001", "٥", "1_0", " 5", "9" * 5000]
)
def test_a_percentage_that_is_not_one_changes_nothing(boombap: Run, percent: str):
    done = boombap("flags", "set", "db-engine", f"--percent={percent}")
    assert done.returncode == 2
    assert "is not a percentage from 0 to 100" in done.stderr
    assert not folder().exists()


@pytest.mark.parametrize(
    "line", ["set db --percent 5", "set no-such-flag --percent 5", "evaluate no-such-flag x", "history no-such-flag"]
)
def test_an_unknown_flag_is_named_with_those_there_are(boombap: Run, line: str):
    done = boombap("flags", *line.split())
    assert done.returncode == 2
    assert "spotify-engine" in done.stderr


@pytest.mark.parametrize(("name", "value"), [("BOOMBAP_FLAG_DB_ENGINE", "fast"), ("BOOMBAP_FLAG_DB_ENGIN", "classic")])
@pytest.mark.parametrize("line", ["flags list", "local status", "doctor"])
def test_an_override_that_is_not_one_is_named(boombap: Run, line: str, name: str, value: str):
    done = boombap(*line.split(), **{name: value})
    assert name in done.stderr + done.stdout
    assert done.returncode == (1 if line == "doctor" else 2)


def test_an_override_is_obeyed_and_shown(boombap: Run):
    override = {"BOOMBAP_FLAG_DB_ENGINE": "classic"}
    done = boombap("flags", "set", "db-engine", "--percent", "100", **override)
    assert "environment BOOMBAP_FLAG_DB_ENGINE forces classic" in done.stderr
    rows = answer(boombap, "evaluate", "db-engine", "rap", **override)["evaluations"]
    assert rows == [{"key": "rap", "variant": "classic", "reason": "OVERRIDE", "source": "override"}]
    assert "db-engine is classic" in flags(boombap, "status", **override)
    assert shares(boombap, **override)["db-engine"] == 0.0


def test_keys_of_every_kind(boombap: Run):
    flags(boombap, "set", "ctx-engine", "--percent", "50")
    keys = ["", "café", "a b", "-", "x" * 5000, "\x1b[31m"]
    assert [row["key"] for row in answer(boombap, "evaluate", "ctx-engine", *keys)["evaluations"]] == keys
    assert "\x1b" not in flags(boombap, "evaluate", "ctx-engine", *keys)


@pytest.mark.parametrize("line", ["list", "status", "evaluate db-engine rap", "export"])
def test_a_torn_file_is_named_with_code_3_and_the_copy_answers(boombap: Run, line: str):
    flags(boombap, "set", "db-engine", "--percent", "0")
    (folder() / "flags.json").write_text('{"flags": {')
    done = boombap("flags", *line.split())
    assert done.returncode == 3
    assert "not valid JSON" in done.stderr + done.stdout
    assert "classic" in done.stdout or "0 %" in done.stdout or "failed" in done.stdout


def test_a_torn_file_is_not_written_over(boombap: Run):
    flags(boombap, "set", "db-engine", "--percent", "0")
    (folder() / "flags.json").write_text('{"flags": {')
    done = boombap("flags", "set", "db-engine", "--percent", "5")
    assert (done.returncode, "nothing was changed" in done.stderr) == (3, True)
    assert (folder() / "flags.json").read_text() == '{"flags": {'
    assert len(answer(boombap, "history")["changes"]) == 1


@pytest.mark.parametrize("word", ["spotify", "db", "ctx", "deps", "redis", "metrics"])
def test_a_torn_file_stops_no_help(boombap: Run, word: str):
    flags(boombap, "set", "db-engine", "--percent", "0")
    (folder() / "flags.json").write_text("{")
    assert boombap(word, "--help").returncode == 0


def test_a_missing_file_that_is_named_is_classic(boombap: Run):
    rows = answer(boombap, "list", code=3, BOOMBAP_FLAGS_FILE="gone.json")["flags"]
    assert {(row["percent"], row["is_known"]) for row in rows} == {(0.0, False)}


def test_what_is_left_is_for_the_owner_only(boombap: Run):
    flags(boombap, "set", "db-engine", "--percent", "5")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder().iterdir()} == {0o600}
    assert stat.S_IMODE(folder().stat().st_mode) == 0o700


def test_a_file_that_others_read_stays_readable(boombap: Run, isolated: Path):
    file = isolated / "shared.json"
    file.write_text('{"flags": {"web-colour": {"state": "ENABLED"}}, "$schema": "x"}')
    file.chmod(0o644)
    link = isolated / "link.json"
    link.symlink_to("shared.json")
    flags(boombap, "set", "db-engine", "--percent", "5", BOOMBAP_FLAGS_FILE=str(link))
    document = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert (set(document["flags"]), document["$schema"]) == ({"web-colour", "db-engine"}, "x")
    assert link.is_symlink()


def test_history_says_who_when_from_and_to(boombap: Run):
    for percent in ("5", "7.5"):
        flags(boombap, "set", "db-engine", "--percent", percent)
    flags(boombap, "set", "ctx-engine", "--percent", "1")
    changes = answer(boombap, "history")["changes"]
    assert [(row["flag"], row["from"], row["to"]) for row in changes] == [
        ("db-engine", None, 5.0), ("db-engine", 5.0, 7.5), ("ctx-engine", None, 1.0),
    ]  # fmt: skip
    assert all(row["user"] and row["host"] and row["when"].endswith("Z") for row in changes)
    assert [row["to"] for row in answer(boombap, "history", "db-engine", "-n", "1")["changes"]] == [7.5]
    assert "not set" in flags(boombap, "history")


@pytest.mark.parametrize("line", ["{", "[]", '"x"', '{"when": 1}', "\0", "[" * 5000])
def test_a_line_of_the_log_that_cannot_be_read_is_counted(boombap: Run, line: str):
    flags(boombap, "set", "db-engine", "--percent", "5")
    with (folder() / "changes.jsonl").open("a") as file:
        file.write(line + "\n")
    history = answer(boombap, "history", code=3)
    assert (len(history["changes"]), history["unreadable_lines"]) == (1, 1)


def test_fifty_writers_lose_nothing(boombap: Run, start_boombap: Start):
    """The file is whole at every moment, each change is in the log, and each begins where the one before ended."""
    children = [
        start_boombap("flags", "set", NAMES[number % 6], "--percent", f"{number}.{number:02}") for number in range(50)
    ]
    while any(child.poll() is None for child in children):
        if (folder() / "flags.json").exists():
            json.loads((folder() / "flags.json").read_text())
    assert [child.wait() for child in children] == [0] * 50
    changes = answer(boombap, "history", "-n", "100")["changes"]
    assert len(changes) == 50
    last: dict[str, float] = {}
    for change in changes:
        assert change["from"] == last.get(change["flag"])
        last[change["flag"]] = change["to"]
    assert shares(boombap) == last
    assert [path.name for path in folder().iterdir() if path.name.endswith(".new")] == []


def test_fifty_readers_at_once_agree(boombap: Run, start_boombap: Start, isolated: Path):
    file = isolated / "flags.json"
    file.write_text(flags(boombap, "export"))
    line = ("flags", "evaluate", "db-engine", "rap", "--format", "json")
    children = [start_boombap(*line, BOOMBAP_FLAGS_FILE=str(file)) for _ in range(50)]
    assert {child.communicate()[1] for child in children} == {""}
    assert {child.returncode for child in children} == {0}
    assert len(list(folder().glob("last-good-*.json"))) == 1


@pytest.mark.parametrize("blocked", ["state", "file"])
def test_a_folder_that_cannot_be_written_is_named(boombap: Run, isolated: Path, blocked: str):
    """A file in the way of the folder stops root too, as a read-only one stops others."""
    (isolated / "plain").write_text("")
    place = str(isolated / "plain" / "x")
    environment = {"BOOMBAP_PATHS_STATE": place} if blocked == "state" else {"BOOMBAP_FLAGS_FILE": f"{place}.json"}
    done = boombap("flags", "set", "db-engine", "--percent", "5", **environment)
    assert done.returncode == 3
    assert "cannot write" in done.stderr


def test_a_folder_that_cannot_be_written_does_not_stop_reading(boombap: Run, isolated: Path):
    (isolated / "plain").write_text("")
    file = isolated / "flags.json"
    file.write_text(flags(boombap, "export"))
    place = {"BOOMBAP_PATHS_STATE": str(isolated / "plain"), "BOOMBAP_FLAGS_FILE": str(file)}
    assert "STATIC" in flags(boombap, "evaluate", "db-engine", "rap", **place)


def test_an_export_is_served_as_the_original(boombap: Run, isolated: Path):
    flags(boombap, "set", "db-engine", "--percent", "12.34")
    keys = [f"track-{number}" for number in range(300)]
    ours = [row["variant"] for row in answer(boombap, "evaluate", "db-engine", *keys)["evaluations"]]
    file = isolated / "flags.json"
    file.write_text(flags(boombap, "export"))
    rows = answer(boombap, "evaluate", "db-engine", *keys, BOOMBAP_FLAGS_FILE=str(file))["evaluations"]
    assert [row["variant"] for row in rows] == ours
    assert {"native", "classic"} == set(ours)


def test_redis_is_shown_without_its_password(boombap: Run, cache: Cache):
    place = {"BOOMBAP_FLAGS_REDIS": cache.url}
    flags(boombap, "set", "db-engine", "--percent", "5", **place)
    assert shares(boombap, **place)["db-engine"] == 5.0
    assert cache.target.label in flags(boombap, "status", **place)
    closed = f"redis://:Geheimnis@127.0.0.1:{servers.free_port()}/0"
    for line in ("list", "status", "evaluate db-engine rap", "export"):
        done = boombap("flags", *line.split(), BOOMBAP_FLAGS_REDIS=closed)
        assert done.returncode == 3
        assert "Geheimnis" not in done.stdout + done.stderr
        assert "flags in Redis are not used" in done.stderr + done.stdout


def test_status_shows_the_breaker_of_each_flag(boombap: Run):
    assert answer(boombap, "status")["breakers"] == []
    for _ in range(5):
        Fallback(folder().parent, "db-engine").record("native", 0.1, is_failure=True)
    (row,) = answer(boombap, "status")["breakers"]
    assert (row["flag"], row["state"], row["reason"]) == ("db-engine", "open", "5 failures in a row")
    assert row["since"].endswith("Z")
    assert row["native"] == {"runs": 5, "failures": 5, "p95_ms": None}
    assert row["classic"] == {"runs": 0, "failures": 0, "p95_ms": None}
    assert "open: 5 failures in a row" in flags(boombap, "status")


def test_outcomes_that_cannot_be_read_are_named_with_code_3(boombap: Run):
    Fallback(folder().parent, "db-engine").record("native", 0.1)
    (folder().parent / "engines" / "db-engine.json").write_text("{")
    assert "does not hold outcomes" in answer(boombap, "status", code=3)["problems"][0]
    assert "does not hold outcomes" in boombap("flags", "status").stderr
