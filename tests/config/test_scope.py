"""What a run looks at: its own section and the shared ones whole, of other tools' sections only the name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from boombap.cli.sections import SECTIONS, every, names
from boombap.config.load import examine, load
from boombap.errors import ConfigError
from boombap.redis.settings import SECTION, RedisSettings

if TYPE_CHECKING:
    from pathlib import Path

REDIS = names().replace(sections=(SECTION,))


def test_the_table_names_each_section_as_its_tool_does() -> None:
    assert [section.name for section in every().sections] == list(SECTIONS)


@pytest.mark.parametrize("environ", [{"BOOMBAP_DB_POOLSIZE": "3"}, {"BOOMBAP_SPOTIFY_BUDGET": "none"}])
def test_a_mistake_in_another_section_does_not_stop_a_tool(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / "boombap.toml").write_text("[db]\nno_such = 1\n[deps]\nttl = 'soon'\n[redis_manager]\npool_size = 7\n")
    assert load(REDIS, environ=environ, folder=tmp_path).of(RedisSettings).pool_size == 7
    with pytest.raises(ConfigError):
        load(every(), environ=environ, folder=tmp_path)


@pytest.mark.parametrize("name", ["BOOMBAP_REDIS_MANAGER_POOLSIZE", "BOOMBAP_LOG_LEVL", "BOOMBAP_DBX_POOL_SIZE"])
def test_a_mistake_in_its_own_or_a_shared_section_stops_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"unknown key {name} in environment"):
        load(REDIS, environ={name: "3"}, folder=tmp_path)


@pytest.mark.parametrize("text", ["[spotfy]\nbudget = 3", "[spotfy]"])
def test_an_unknown_section_is_named_with_the_nearest(tmp_path: Path, text: str) -> None:
    (tmp_path / "boombap.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"unknown section spotfy in .*boombap\.toml; did you mean spotify"):
        load(REDIS, environ={}, folder=tmp_path)


def test_every_problem_is_told(tmp_path: Path) -> None:
    (tmp_path / "boombap.toml").write_text("[db]\nno_such = 1\npool_size = 'x'\n[log]\nlevel = 'loud'\n")
    (tmp_path / ".env").write_text("BOOMBAP_CTX_MAX_FILE=1\n")
    _, problems = examine(every(), environ={"DB_PORT": "0"}, folder=tmp_path)
    assert [str(problem).split(" ")[0:3] for problem in problems] == [
        ["unknown", "key", "db.no_such"],
        ["unknown", "key", "BOOMBAP_CTX_MAX_FILE"],
        ["db.pool_size", "from", "boombap.toml"],
        ["log.level", "from", "boombap.toml"],
        ["postgres.port", "from", "environment"],
    ]


class TestNamesThatWereGivenUp:
    def test_in_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "boombap.toml").write_text("[cache]\npool_size = 7\nbig_key = 2048\n")
        config = load(REDIS, environ={}, folder=tmp_path)
        assert (config.of(RedisSettings).pool_size, config.of(RedisSettings).big_key) == (7, 2048)
        assert config.renamed == (f"cache is now called redis_manager; rename it in {tmp_path / 'boombap.toml'}",)

    def test_in_the_environment(self, tmp_path: Path) -> None:
        config = load(REDIS, environ={"BOOMBAP_CACHE_POOL_SIZE": "7"}, folder=tmp_path)
        assert config.of(RedisSettings).pool_size == 7
        assert config.renamed == (
            "cache is now called redis_manager; rename it in environment BOOMBAP_CACHE_POOL_SIZE",
        )

    def test_the_new_name_counts_wherever_it_stands(self, tmp_path: Path) -> None:
        for text in (
            "[cache]\npool_size = 7\n[redis_manager]\npool_size = 8",
            "[redis_manager]\npool_size = 8\n[cache]\npool_size = 7",
        ):
            (tmp_path / "boombap.toml").write_text(text)
            assert load(REDIS, environ={}, folder=tmp_path).of(RedisSettings).pool_size == 8
        environ = {"BOOMBAP_CACHE_POOL_SIZE": "5", "BOOMBAP_REDIS_MANAGER_POOL_SIZE": "6"}
        assert load(REDIS, environ=environ, folder=tmp_path).of(RedisSettings).pool_size == 6

    def test_a_key_that_moved(self, tmp_path: Path) -> None:
        config = load(REDIS, environ={"BOOMBAP_DB_CONNECT_TIMEOUT": "9s"}, folder=tmp_path)
        assert config.postgres.connect_timeout == 9.0

    def test_nothing_is_said_to_a_tool_that_it_does_not_concern(self, tmp_path: Path) -> None:
        (tmp_path / "boombap.toml").write_text("[cache]\npool_size = 7\n")
        assert load(names(), environ={"BOOMBAP_CACHE_BIG_KEY": "x"}, folder=tmp_path).renamed == ()

    def test_a_misspelt_key_of_it_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "boombap.toml").write_text("[cache]\npoolsize = 7\n")
        with pytest.raises(ConfigError, match=r"unknown key cache\.poolsize"):
            load(every(), environ={}, folder=tmp_path)


def test_a_connect_limit_outlives_a_nearer_address(tmp_path: Path) -> None:
    (tmp_path / "boombap.toml").write_text("[postgres]\nconnect_timeout = '9s'\nhost = 'a'\n")
    config = load(environ={"DATABASE_URL": "postgresql://b/c"}, folder=tmp_path)
    assert (config.postgres.connect_timeout, config.postgres.host) == (9.0, None)


@pytest.mark.parametrize("name", ["boombap.toml", ".env"])
@pytest.mark.parametrize("make", ["link to nothing", "link to itself", "folder", "pipe"])
def test_what_is_there_and_not_a_file_is_a_problem(tmp_path: Path, name: str, make: str) -> None:
    path = tmp_path / name
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path if make == "link to itself" else tmp_path / "nothing")
    with pytest.raises(ConfigError, match="is not a file that can be read"):
        load(environ={}, folder=tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[db]\npool_size = " + "9" * 5000, "a number that is too long"),
        ("[db]\npool_size = 0x" + "f" * 5000, "a number that is too long"),
        ("[postgres]\nusername = {x = 1}", "is a table"),
        ('[db]\ncoverage_analyzers = [["a"], {x = 1}]', "is a table"),
        ("[[db]]\npool_size = 3", r"db is a section, not a value; write \[db\] once"),
        ("db = 3", r"db is a section, not a value; write \[db\] once"),
        ("pool_size = 3", "pool_size is not in a section; sections are ctx, db, deps"),
    ],
)
def test_values_of_a_shape_that_nothing_has(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "boombap.toml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load(every(), environ={}, folder=tmp_path)
