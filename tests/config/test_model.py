"""What each key takes, checked through the loader: one table of texts that fit and texts that do not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.cli.config import sections
from boombap.cli.sections import every
from boombap.config.kinds import text_of
from boombap.config.load import load
from boombap.config.model import Config, Postgres, Redis
from boombap.config.secret import Secret
from boombap.errors import ConfigError

if TYPE_CHECKING:
    from boombap.config.section import Section

NOWHERE = Path("/dev/null")
SECTIONS = {section.name: section for section in sections()}
KEYS = [
    "postgres.connect_timeout",
    "db.coverage_analyzers",
    "db.coverage_floor",
    "db.embedding_dimension",
    "db.pool_size",
    "db.waivers",
    "log.format",
    "log.level",
    "paths.data",
    "postgres.port",
    "redis.db",
]


def read(dotted: str, text: str) -> object:
    section, name = dotted.split(".")
    config = load(every(), {dotted: text}, environ={}, folder=NOWHERE)
    return getattr(config.section(SECTIONS[section]), name)


@pytest.mark.parametrize(
    ("dotted", "text", "value"),
    [
        ("postgres.port", " 5432 ", 5432),
        ("redis.db", "0", 0),
        ("db.coverage_floor", "97.5%", 97.5),
        ("db.coverage_floor", "0", 0.0),
        ("postgres.connect_timeout", "250ms", 0.25),
        ("db.coverage_analyzers", " qwen, ,mock ", ("qwen", "mock")),
        ("log.level", "INFO", "info"),
        ("db.waivers", "/a/b.toml", Path("/a/b.toml")),
        ("postgres.password", " x ", Secret(" x ")),
        ("deps.ttl", "10 years", 10 * 365 * 86_400.0),
        ("deps.max_age", "90d", 90 * 86_400.0),
    ],
)
def test_text_that_fits(dotted: str, text: str, value: object) -> None:
    assert read(dotted, text) == value


def test_tilde_is_the_home_folder() -> None:
    assert read("paths.data", "~/x") == Path.home() / "x"


@pytest.mark.parametrize(
    ("dotted", "text", "words"),
    [
        ("postgres.port", "0", "'0' is not a whole number from 1 to 65535"),
        ("postgres.port", "65536", "is not a whole number"),
        ("postgres.port", "٣", "is not a whole number"),
        ("postgres.port", "9" * 5000, "is not a whole number"),
        ("redis.db", "-1", "is not a whole number"),
        ("db.coverage_floor", "nan", "is not a percentage"),
        ("db.coverage_floor", "101%", "is not a percentage"),
        ("log.level", "loud", "'loud' is not one of debug, info, warning, error"),
        ("db.statement_timeout", "5", "'5' is not a duration"),
        ("db.statement_timeout", "0s", "'0s' is not a duration from 1ms to 24d"),
        ("db.lock_timeout", "25d", "'25d' is not a duration from 1ms to 24d"),
        ("deps.ttl", "11y", "is too long; the maximum is ten years"),
        ("deps.max_age", "0s", "is less than a second"),
        ("db.waivers", "~nobody-of-that-name/x", "names the home folder of an unknown user"),
    ],
)
def test_text_that_does_not_fit_is_named_with_its_place(dotted: str, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read(dotted, text)
    assert str(caught.value).startswith(f"{dotted} from command line: ")


@given(st.sampled_from(KEYS), st.text(max_size=12))
def test_any_text_fits_or_is_a_configuration_error(dotted: str, text: str) -> None:
    try:
        read(dotted, text)
    except ConfigError as error:
        assert error.exit_code == 2  # noqa: PT017 - most texts fit some key


def test_server_is_set_by_any_part_but_a_password() -> None:
    assert not Postgres(password=Secret("x")).is_set
    assert not Postgres(url=Secret("")).is_set
    assert Postgres(port=1).is_set
    assert Redis(host="a").is_set
    assert not Redis(db=1).is_set


def test_configuration_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Config().log.level = 3  # type: ignore[misc]


@pytest.mark.parametrize("dotted", ["spotify.base_url", "spotify.accounts_url"])
@pytest.mark.parametrize(
    "host",
    [
        "api.example.org",
        "127.0.0.1.example.org",
        "127.example.org",
        "localhost.example.org",
        "localhost-2",
        "127.1.1.1.1",
    ],
)
def test_credentials_never_leave_in_the_clear(dotted: str, host: str) -> None:
    """A name that only begins like this machine's is another machine."""
    with pytest.raises(ConfigError, match="would send the credentials in the clear"):
        read(dotted, f"http://{host}:8080/v1")
    assert read(dotted, f"https://{host}:8080/v1") == f"https://{host}:8080/v1"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3:80", "localhost", "localhost:8080", "[::1]", "[::1]:8080"])
def test_this_machine_may_be_asked_in_the_clear(host: str) -> None:
    assert read("spotify.base_url", f"http://{host}/v1/") == f"http://{host}/v1"


@pytest.mark.parametrize("section", SECTIONS.values(), ids=lambda section: section.name)
def test_what_is_shown_of_a_default_may_be_written(section: Section) -> None:
    for key in section.keys:
        default = section.default(key)
        if default not in (None, ()):
            assert key.kind.parse(text_of(default, key.kind)) == default, key.dotted
