"""Where a value comes from: defaults < boombap.toml < .env < environment < flags, and what is refused on the way."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.cli.sections import every
from boombap.config import load as loader
from boombap.db.settings import DbSettings
from boombap.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boombap.config.model import Config

PASSWORD = "hunter2"


def load(
    flags: Mapping[str, str] | None = None, *, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> Config:
    """Load every section, as `boombap config` does."""
    return loader.load(every(), flags, environ=environ, folder=folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


def write(folder: Path, toml: str = "", env: str = "") -> None:
    (folder / "boombap.toml").write_text(toml)
    (folder / ".env").write_text(env)


def refusal(folder: Path, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environ=environ or {}, folder=folder)
    return str(caught.value)


def test_nothing_is_set(folder: Path) -> None:
    config = load(environ={"HOME": "/home/dj"}, folder=folder)
    assert config.sources == {}
    assert not config.postgres.is_set
    assert not config.redis.is_set
    assert config.of(DbSettings) == DbSettings()
    assert config.paths.data == Path("/home/dj/.local/share/boombap")
    assert config.paths.state == Path("/home/dj/.local/state/boombap")


@pytest.mark.parametrize("given_by", list(product([False, True], repeat=4)))
def test_nearest_source_wins(folder: Path, given_by: tuple[bool, ...]) -> None:
    toml, env, environ, flag = given_by
    write(folder, "[db]\npool_size = 4" if toml else "", "BOOMBAP_DB_POOL_SIZE=5" if env else "")
    config = load(
        {"db.pool_size": "7"} if flag else {},
        environ={"BOOMBAP_DB_POOL_SIZE": "6"} if environ else {},
        folder=folder,
    )
    places = ["boombap.toml [db]", ".env:1 BOOMBAP_DB_POOL_SIZE", "environment BOOMBAP_DB_POOL_SIZE", "command line"]
    nearest = max((index for index, is_given in enumerate(given_by) if is_given), default=-1)
    assert config.of(DbSettings).pool_size == nearest + 4
    assert config.sources.get("db.pool_size") == (places[nearest] if nearest >= 0 else None)


def test_first_of_two_names_in_one_source_wins(folder: Path) -> None:
    environ = {"DB_HOST": "b", "POSTGRES_HOST": "a"}
    config = load(environ=environ, folder=folder)
    assert config.postgres.host == "a"
    assert config.sources["postgres.host"] == "environment POSTGRES_HOST"


def test_team_names_are_read(folder: Path) -> None:
    for names in (("HOST", "PORT", "DATABASE", "USERNAME", "PASSWORD"), ("HOST", "PORT", "NAME", "USER", "PASSWORD")):
        prefix = "POSTGRES" if "DATABASE" in names else "DB"
        values = dict(zip((f"{prefix}_{name}" for name in names), ("h", "1", "d", "u", "p"), strict=True))
        settings = load(environ=values, folder=folder).postgres
        assert (settings.host, settings.port, settings.database, settings.username) == ("h", 1, "d", "u")
        assert settings.password is not None
        assert settings.password.reveal() == "p"


def test_nearer_url_drops_farther_parts(folder: Path) -> None:
    write(folder, "[postgres]\nhost = 'a'\npassword = 'x'\n[redis]\nhost = 'c'", "DB_PORT=1")
    config = load(environ={"DATABASE_URL": "postgresql://b/d"}, folder=folder)
    assert config.postgres.url
    assert (config.postgres.host, config.postgres.port, config.postgres.password) == (None, None, None)
    assert config.redis.host == "c"
    assert [key for key in config.sources if key.startswith("postgres")] == ["postgres.url"]


def test_nearer_part_stands_beside_farther_url(folder: Path) -> None:
    write(folder, env="DATABASE_URL=postgresql://b/d")
    config = load(environ={"DB_HOST": "a"}, folder=folder)
    assert config.postgres.url
    assert config.postgres.host == "a"


def test_url_beats_parts_of_its_own_source(folder: Path) -> None:
    config = load(environ={"DATABASE_URL": "postgresql://b/d", "DB_HOST": "a", "DB_PASSWORD": "x"}, folder=folder)
    assert (config.postgres.host, config.postgres.password) == (None, None)


@given(st.lists(st.sets(st.sampled_from(["url", "host", "port"])), min_size=4, max_size=4))
def test_parts_that_remain_are_nearer_than_the_url(
    tmp_path_factory: pytest.TempPathFactory, layers: list[set[str]]
) -> None:
    values = {"url": "postgresql://x/y", "host": "h", "port": "1"}
    names = {"url": "DATABASE_URL", "host": "DB_HOST", "port": "DB_PORT"}
    folder = tmp_path_factory.mktemp("layers")
    toml = "".join(f"{name} = '{values[name]}'\n" for name in layers[0])
    write(folder, f"[postgres]\n{toml}", "".join(f"{names[name]}={values[name]}\n" for name in layers[1]))
    flags = {f"postgres.{name}": values[name] for name in layers[3]}
    settings = load(flags, environ={names[name]: values[name] for name in layers[2]}, folder=folder).postgres
    url_index = max((index for index, layer in enumerate(layers) if "url" in layer), default=-1)
    assert bool(settings.url) == (url_index >= 0)
    for name in ("host", "port"):
        assert (getattr(settings, name) is not None) == any(name in layer for layer in layers[url_index + 1 :])


@pytest.mark.parametrize("source", ["toml", ".env", "environment"])
def test_empty_means_not_set(folder: Path, source: str) -> None:
    if source == "toml":
        write(folder, "[postgres]\nurl = ''\nhost = 'a'\nusername = ''")
        config = load(environ={}, folder=folder)
    elif source == ".env":
        write(folder, env="DATABASE_URL=\nDB_HOST=a\nDB_USER=''")
        config = load(environ={}, folder=folder)
    else:
        config = load(environ={"DATABASE_URL": "", "DB_HOST": "a", "DB_USER": ""}, folder=folder)
    assert (config.postgres.url, config.postgres.host, config.postgres.username) == (None, "a", None)
    assert list(config.sources) == ["postgres.host"]


def test_empty_lets_a_farther_source_through(folder: Path) -> None:
    write(folder, env="DB_HOST=a")
    assert load(environ={"DB_HOST": ""}, folder=folder).postgres.host == "a"


def test_unknown_key_names_the_nearest(folder: Path) -> None:
    wrong = {"BOOMBAP_DB_POOLSIZE": "3"}
    assert refusal(folder, wrong) == (
        "unknown key BOOMBAP_DB_POOLSIZE in environment; did you mean BOOMBAP_DB_POOL_SIZE"
    )
    write(folder, env="\nBOOMBAP_LOG_LEVELS=info")
    assert refusal(folder) == "unknown key BOOMBAP_LOG_LEVELS in .env:2; did you mean BOOMBAP_LOG_LEVEL"
    write(folder, toml="[postgres]\nhots = 'a'")
    assert refusal(folder) == f"unknown key postgres.hots in {folder / 'boombap.toml'}; did you mean postgres.host"
    write(folder, toml="[zzz]\nqqq = 1")
    assert "see boombap config show" in refusal(folder)


def test_names_of_other_programs_are_left_alone(folder: Path) -> None:
    file = folder / "other.toml"
    file.write_text("[db]\npool_size = 9")
    environ = {"BOOMBAP_DATA": "x", "BOOMBAP_TEST_SERVERS": "x", "BOOMBAP_CONFIG": str(file), "DB_UNKNOWN": "x"}
    write(folder, toml="[db]\npool_size = 2", env="BOOMBAP_DATA=x\nOTHER_APP=y")
    config = load(environ=environ, folder=folder)
    assert config.of(DbSettings).pool_size == 9
    assert list(config.sources) == ["db.pool_size"]
    assert config.sources["db.pool_size"] == "other.toml [db]"


def test_named_file_must_exist(folder: Path) -> None:
    assert refusal(folder, {"BOOMBAP_CONFIG": "/none.toml"}) == "BOOMBAP_CONFIG names /none.toml, which is not a file"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[db", "is not valid TOML"),
        ("pool_size = 3", "pool_size is not in a section; sections are ctx, db, deps"),
        ("[db]\npool_size = true", "db.pool_size from boombap.toml [db]: 'True' is not a whole number"),
        ("[db]\npool_size = 99", "'99' is not a whole number from 1 to 16"),
        ("[db]\nstatement_timeout = 5", "'5' is not a duration; write a number and a unit"),
    ],
)
def test_file_that_does_not_fit(folder: Path, toml: str, words: str) -> None:
    write(folder, toml=toml)
    assert words in refusal(folder)


def test_lists_and_numbers_of_toml(folder: Path) -> None:
    write(folder, toml="[db]\ncoverage_analyzers = ['qwen', 'mock']\ncoverage_floor = 12.5\nlock_timeout = '1s'")
    db = load(environ={}, folder=folder).of(DbSettings)
    assert (db.coverage_analyzers, db.coverage_floor, db.lock_timeout) == (("qwen", "mock"), 12.5, 1.0)


@pytest.mark.parametrize("name", [".env", "boombap.toml"])
def test_file_of_another_encoding(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"DB_PASSWORD=hunter2\xff")
    assert refusal(folder) == f"cannot read {folder / name}: not UTF-8"


def test_byte_order_mark_of_windows_is_ignored(folder: Path) -> None:
    (folder / ".env").write_bytes(b"\xef\xbb\xbfDB_HOST=a\r\nDB_PORT=1\r\n")
    (folder / "boombap.toml").write_bytes(b"\xef\xbb\xbf[db]\r\npool_size = 4\r\n")
    config = load(environ={}, folder=folder)
    assert (config.postgres.host, config.postgres.port, config.of(DbSettings).pool_size) == ("a", 1, 4)


def test_malformed_line_is_named_and_not_shown(folder: Path) -> None:
    write(folder, env=f"DB_HOST=a\nDB_PASSWORD='{PASSWORD}")
    text = refusal(folder)
    assert text.startswith(f"{folder / '.env'}:2 is not an assignment")
    assert PASSWORD not in text


def test_secrets_do_not_show(folder: Path) -> None:
    write(folder, toml=f"[redis]\npassword = '{PASSWORD}'", env=f"DB_PASSWORD={PASSWORD}")
    config = load(environ={"REDIS_URL": ""}, folder=folder)
    assert config.postgres.password
    assert config.redis.password
    assert PASSWORD not in repr(config)


def test_folders_follow_xdg_and_settings(folder: Path) -> None:
    environ = {"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"}
    paths = load(environ=environ, folder=folder).paths
    assert (paths.data, paths.state) == (Path("/d/boombap"), Path("/s/boombap"))
    paths = load(environ=environ | {"BOOMBAP_PATHS_DATA": "/x", "BOOMBAP_PATHS_STATE": "/y"}, folder=folder).paths
    assert (paths.data, paths.state) == (Path("/x"), Path("/y"))


def test_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("DB_HOST", "a")
    monkeypatch.chdir(folder)
    assert load().postgres.host == "a"


SERVICE_LINKS = {
    "REDIS_PORT": "tcp://10.96.14.7:6379",
    "REDIS_SERVICE_HOST": "10.96.14.7",
    "REDIS_PORT_6379_TCP_ADDR": "10.96.14.7",
    "POSTGRES_PORT": "tcp://10.96.20.3:5432",
    "DB_PORT": "udp://10.96.20.3:5432",
    "BOOMBAP_SERVICE_HOST": "10.96.31.8",
    "BOOMBAP_PORT": "tcp://10.96.31.8:80",
    "BOOMBAP_DEPS_SERVICE_HOST": "10.96.31.9",
    "BOOMBAP_DEPS_SERVICE_PORT": "8421",
    "BOOMBAP_DEPS_SERVICE_PORT_HTTP": "8421",
    "BOOMBAP_DEPS_PORT": "tcp://10.96.31.9:8421",
    "BOOMBAP_DEPS_PORT_8421_TCP": "tcp://10.96.31.9:8421",
    "BOOMBAP_DEPS_PORT_8421_TCP_PROTO": "tcp",
    "BOOMBAP_DEPS_PORT_53_SCTP_PORT": "53",
    "BOOMBAP_REDIS_PORT": "tcp://10.96.31.10:6379",
}


def test_variables_of_kubernetes_services_are_not_settings(folder: Path) -> None:
    config = load(environ={"HOME": "/x", **SERVICE_LINKS}, folder=folder)
    assert config.sources == {}
    assert not config.redis.is_set
    assert set(config.passed_over) == {name for name in SERVICE_LINKS if name not in FOREIGN}


FOREIGN = {"REDIS_SERVICE_HOST", "REDIS_PORT_6379_TCP_ADDR"}
"""They do not look like a setting of ours, so nobody needs to be told."""


@pytest.mark.parametrize(
    "name", ["BOOMBAP_DEPS_SERVICES", "BOOMBAP_DEPS_PORTAL", "BOOMBAP_PORT_TCP", "BOOMBAP_DB_PORT"]
)
def test_a_misspelt_key_is_still_refused(folder: Path, name: str) -> None:
    assert name in refusal(folder, {name: "5"})


def test_a_port_that_is_set_beside_service_links_counts(folder: Path) -> None:
    environ = SERVICE_LINKS | {"REDIS_PORT": "6380", "POSTGRES_HOST": "db"}
    config = load(environ=environ, folder=folder)
    assert (config.redis.port, config.postgres.host, config.postgres.port) == (6380, "db", None)


def test_a_service_link_in_a_file_is_a_mistake(folder: Path) -> None:
    write(folder, env="REDIS_PORT=tcp://10.96.14.7:6379\n")
    assert "redis.port from .env:1 REDIS_PORT" in refusal(folder)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("BOOMBAP_REDIS_HOTS", "did you mean REDIS_HOST"),
        ("BOOMBAP_POSTGRES_PORT", "did you mean POSTGRES_PORT"),
        ("BOOMBAP_DB_POOLSIZE", "did you mean BOOMBAP_DB_POOL_SIZE"),
        ("BOOMBAP_XYZZY", "see boombap config show"),
    ],
)
def test_the_nearest_key_is_named(folder: Path, name: str, advice: str) -> None:
    assert advice in refusal(folder, {name: "5"})


LONG = "x" * 300
"""A name that no file system takes: looking for it is an error, as it is in a folder that this user may not enter."""


def test_a_folder_that_cannot_be_looked_into_is_named():
    with pytest.raises(ConfigError, match=f"cannot look for .*{LONG}/boombap.toml: File name too long"):
        load(environ={}, folder=Path(LONG))


def test_a_file_of_settings_that_cannot_be_looked_for_is_named():
    with pytest.raises(ConfigError, match=f"BOOMBAP_CONFIG names {LONG}, which is not a file"):
        load(environ={"BOOMBAP_CONFIG": LONG})


def test_a_file_of_a_secret_that_cannot_be_looked_for_is_named():
    with pytest.raises(ConfigError, match=f"names {LONG}, which is not a file that can be read"):
        load(environ={"POSTGRES_PASSWORD_FILE": LONG})
