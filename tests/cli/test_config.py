"""`boombap config show`: every key with its source, and no secret in either format."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

PASSWORD = "hunter2"
SECRETS = {
    "DATABASE_URL": f"postgresql://dj:{PASSWORD}@db/rap",
    "REDIS_URL": f"redis://:{PASSWORD}@db:6379/0",
}


@pytest.mark.parametrize("style", ["text", "json"])
def test_secrets_are_stars(boombap: Run, isolated: Path, style: str) -> None:
    (isolated / ".env").write_text(f"DB_PASSWORD={PASSWORD}\nREDIS_PASSWORD={PASSWORD}\n")
    for environment in ({}, SECRETS):
        done = boombap("config", "show", "--format", style, **environment)
        assert done.returncode == 0
        assert PASSWORD not in done.stdout + done.stderr
        assert done.stdout.count("***") == 2


def test_json_holds_every_key_with_its_source(boombap: Run, isolated: Path) -> None:
    (isolated / "boombap.toml").write_text("[db]\nlock_timeout = '1s'\ncoverage_analyzers = ['a', 'b']\n")
    shown = json.loads(boombap("config", "show", "--format", "json", DB_PORT="1").stdout)
    assert shown["schema"] == "boombap.config/1"
    rows = {row["key"]: (row["value"], row["source"]) for row in shown["keys"]}
    assert rows["postgres.port"] == ("1", "environment DB_PORT")
    assert rows["db.lock_timeout"] == ("1s", "boombap.toml [db]")
    assert rows["db.coverage_analyzers"] == ("a,b", "boombap.toml [db]")
    assert rows["postgres.url"] == ("(not set)", "default")
    assert rows["log.level"] == ("warning", "default")


def test_text_is_a_table(boombap: Run) -> None:
    lines = boombap("config", "show", DB_HOST="a\x1b[2J").stdout.splitlines()
    assert lines[0].split() == ["key", "value", "source"]
    assert "\x1b" not in "".join(lines)
    assert any(line.split() == ["postgres.host", "a\\x1b[2J", "environment", "DB_HOST"] for line in lines)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"BOOMBAP_LOG_LEVL": "x"}, "unknown key BOOMBAP_LOG_LEVL in environment; did you mean BOOMBAP_LOG_LEVEL"),
        (
            {"DB_PORT": "x"},
            "postgres.port from environment DB_PORT: 'x' is not a whole number from 1 to 65535; expected: 1-65535",
        ),
        ({"BOOMBAP_CONFIG": "/none"}, "BOOMBAP_CONFIG names /none, which is not a file"),
    ],
)
def test_broken_configuration_is_one_line_and_exit_code_2(
    boombap: Run, environment: dict[str, str], message: str
) -> None:
    done = boombap("config", "show", **environment)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"boombap config: {message}\n")


def test_malformed_line_of_env_is_not_shown(boombap: Run, isolated: Path) -> None:
    (isolated / ".env").write_text(f"DB_PASSWORD '{PASSWORD}'\n")
    done = boombap("config", "show")
    assert done.returncode == 2
    assert done.stderr.startswith("boombap config: .env:1 is not an assignment; ")
    assert PASSWORD not in done.stderr


def test_service_links_of_kubernetes_are_passed_over_and_told(boombap):
    links = {"REDIS_PORT": "tcp://10.96.14.7:6379", "BOOMBAP_DEPS_PORT": "tcp://10.96.31.9:8421"}
    done = boombap("config", "show", **links)
    assert done.returncode == 0
    assert done.stderr == "ignored, because Kubernetes sets them for its Services: BOOMBAP_DEPS_PORT, REDIS_PORT\n"


class TestCheck:
    def test_every_problem_of_every_tool_is_told_at_once(self, boombap: Run, isolated: Path) -> None:
        (isolated / "boombap.toml").write_text(
            f"[deps]\nttl = 'soon'\n[spotify]\nbudgets = 3\n[postgres]\npassword = '{PASSWORD}'\nport = 0\n"
        )
        done = boombap("config", "check")
        lines = done.stdout.splitlines()
        assert done.returncode == 2
        assert [line.split()[:3] for line in lines] == [
            ["unknown", "key", "spotify.budgets"],
            ["deps.ttl", "from", "boombap.toml"],
            ["postgres.port", "from", "boombap.toml"],
        ]
        assert PASSWORD not in done.stdout + done.stderr

    def test_all_fit(self, boombap: Run, isolated: Path) -> None:
        (isolated / ".env").write_text("DB_HOST=a\n")
        done = boombap("config", "check", "--format", "json")
        assert done.returncode == 0
        assert json.loads(done.stdout) == {
            "schema": "boombap.config-check/1",
            "problems": [],
            "renamed": [],
            "unused": [],
            "unchecked": [],
            "set": 1,
        }

    @pytest.mark.parametrize(
        ("text", "words"),
        [("", "0 settings are set"), ("DB_HOST=a", "1 setting is set"), ("DB_HOST=a\nDB_PORT=1", "2 settings are set")],
    )
    def test_how_many_are_set(self, boombap: Run, isolated: Path, text: str, words: str) -> None:
        (isolated / ".env").write_text(text)
        assert boombap("config", "check").stdout == f"{words}; nothing is invalid\n"

    @pytest.mark.parametrize(
        ("name", "address"),
        [
            ("DATABASE_URL", f"postgresql://dj:{PASSWORD}@host:port/rap"),
            ("DATABASE_URL", f"postgresql://dj:{PASSWORD}@host:65536/rap"),
            ("DATABASE_URL", f"postgresql://dj@host:5432,other:{PASSWORD}/rap"),
            ("DATABASE_URL", f"postgresql://dj@host/rap?sslmode={PASSWORD}"),
            ("DATABASE_URL", f"postgresql://dj@host/rap?target_session_attrs={PASSWORD}"),
            ("DATABASE_URL", f"postgresql://dj@host/rap?connect_timeout={PASSWORD}"),
            ("DATABASE_URL", f"mysql://dj:{PASSWORD}@host/rap"),
            ("REDIS_URL", f"redis://:{PASSWORD}@host:99999/0"),
            ("REDIS_URL", f"http://:{PASSWORD}@host"),
        ],
    )
    def test_an_address_is_read_as_the_tools_read_it(self, boombap: Run, name: str, address: str) -> None:
        done = boombap("config", "check", **{name: address})
        assert done.returncode == 2
        assert f"address from environment {name} is malformed" in done.stdout
        assert "nothing is invalid" not in done.stdout
        assert PASSWORD not in done.stdout + done.stderr

    @pytest.mark.parametrize(
        "address",
        [
            "postgresql://dj@host,other:5433/rap?target_session_attrs=standby",
            "postgresql://dj@[::1]:5432,[::2]:5433/rap?sslmode=verify-full&connect_timeout=3",
            "host=/run/postgresql port=5433 dbname=rap keepalives_idle=30",
            "postgresql:///rap",
        ],
    )
    def test_an_address_that_is_well_formed(self, boombap: Run, address: str) -> None:
        assert boombap("config", "check", DATABASE_URL=address).stdout == "1 setting is set; nothing is invalid\n"

    def test_a_password_that_an_address_replaces_is_named(self, boombap: Run, isolated: Path) -> None:
        (isolated / ".env").write_text(f"REDIS_PASSWORD={PASSWORD}\nREDIS_HOST=cache\n")
        given = {"DATABASE_URL": "postgresql://dj@host/rap", "DB_PASSWORD": PASSWORD, "REDIS_URL": "redis://cache/0"}
        sentences = [
            "environment DB_PASSWORD is not used: environment DATABASE_URL gives the whole address",
            ".env:2 REDIS_HOST is not used: environment REDIS_URL gives the whole address",
            ".env:1 REDIS_PASSWORD is not used: environment REDIS_URL gives the whole address",
        ]
        checked = boombap("config", "check", **given)
        assert (checked.returncode, PASSWORD in checked.stdout) == (0, False)
        assert sorted(checked.stdout.splitlines()[:-1]) == sorted(sentences)
        shown = boombap("config", "show", **given)
        assert all(sentence in shown.stderr for sentence in sentences)

    def test_a_name_that_was_given_up_is_told(self, boombap: Run, isolated: Path) -> None:
        (isolated / "boombap.toml").write_text("[cache]\npool_size = 7\n")
        done = boombap("config", "check")
        assert done.returncode == 0
        assert "cache is now called redis_manager; rename it in boombap.toml" in done.stdout


class TestInit:
    def test_the_file_sets_nothing_and_each_line_may_be_taken(self, boombap: Run, isolated: Path) -> None:
        before = boombap("config", "show").stdout
        done = boombap("config", "init")
        assert (done.returncode, done.stderr) == (0, "")
        file = isolated / "boombap.toml"
        assert file.stat().st_mode & 0o777 == 0o600
        assert boombap("config", "show").stdout == before
        file.write_text(re.sub(r"^#(?=[a-z])", "", file.read_text(), flags=re.MULTILINE))
        shown = boombap("config", "show")
        assert (shown.returncode, shown.stderr) == (0, "")
        assert [line.split()[:2] for line in shown.stdout.splitlines()] == [
            line.split()[:2] for line in before.splitlines()
        ]
        assert "boombap.toml [deps]" in shown.stdout

    def test_an_existing_file_is_kept(self, boombap: Run, isolated: Path) -> None:
        (isolated / "boombap.toml").write_text("[log]\nlevel = 'info'\n")
        done = boombap("config", "init")
        assert done.returncode == 2
        assert done.stderr == "boombap config: boombap.toml exists; name another file, or move it away first\n"
        assert (isolated / "boombap.toml").read_text() == "[log]\nlevel = 'info'\n"

    def test_a_folder_that_is_not_there(self, boombap: Run) -> None:
        done = boombap("config", "init", "none/x.toml")
        assert (done.returncode, done.stderr) == (
            3,
            "boombap config: cannot write none/x.toml: No such file or directory\n",
        )


def test_a_broken_setting_of_another_tool_does_not_stop_one(boombap: Run, isolated: Path) -> None:
    (isolated / "boombap.toml").write_text("[spotify]\nbudget = 'none'\n[cache]\npool_size = 3\n")
    (isolated / "a.py").write_text("x = 1\n")
    done = boombap("ctx", "search", "x")
    assert (done.returncode, done.stderr) == (0, "")
    assert boombap("spotify", "status").returncode == 2


def test_one_line_warns_of_an_old_name(boombap: Run, isolated: Path) -> None:
    (isolated / "boombap.toml").write_text("[cache]\npool_size = 3\nbig_key = 2048\n")
    done = boombap("redis", "info", "--url", "redis://127.0.0.1:1/0")
    assert done.returncode == 3
    assert done.stderr.count("cache is now called redis_manager") == 1


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (("config", "check"), {"BOOMBAP_DB_POOL_SIZE": f"postgresql://u:{PASSWORD}@h/x"}),
        (("config", "show"), {"POSTGRES_HOST": f"postgresql://u:{PASSWORD}@h/x"}),
        (("config", "show"), {"BOOMBAP_SPOTIFY_BASE_URL": f"https://u:{PASSWORD}@h"}),
        (("config", "show"), {"BOOMBAP_CONFIG": f"redis://u:{PASSWORD}@h"}),
        (("config", "init", f"redis://u:{PASSWORD}@h"), {}),
        (("doctor",), {"REDIS_DB": f"redis://u:{PASSWORD}@h"}),
        (("deps", "audit", f"https://u:{PASSWORD}@h/x"), {}),
        (("db", "--targets", f"postgresql://u:{PASSWORD}@h/x"), {}),
        ((f"redis://u:{PASSWORD}@h",), {}),
        (("help", f"redis://u:{PASSWORD}@h"), {}),
        (("ctx", "search", "x", "--root", f"https://u:{PASSWORD}@h"), {}),
        (("db",), {"DATABASE_URL_FILE": f"postgresql://u:{PASSWORD}@h/x"}),
    ],
)
def test_an_address_in_the_wrong_place_does_not_show_its_password(
    boombap: Run, words: tuple[str, ...], environment: dict[str, str]
) -> None:
    done = boombap(*words, **environment)
    assert PASSWORD not in done.stdout + done.stderr


def test_a_word_that_is_not_utf8_is_no_bug(boombap: Run) -> None:
    done = boombap("db", "--unanalyzed", "--analyzer", "\udcff", DATABASE_URL="postgresql://dj@127.0.0.1:1/x")
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
