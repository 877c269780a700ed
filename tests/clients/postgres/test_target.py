"""Addresses: what they name, what is refused, and that no text made from them holds the password."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.clients.postgres.target import Target, from_settings, from_text
from boombap.config.model import Postgres
from boombap.config.secret import Secret
from boombap.errors import ConfigError

SECRET = "Tr0mpete-im-Keller"


@pytest.mark.parametrize(
    ("text", "label", "user", "has_password"),
    [
        (f"postgresql://u:{SECRET}@host:6432/db", "host:6432/db", "u", True),
        ("postgres://u@host/db", "host:5432/db", "u", False),
        (f"postgresql+asyncpg://u:{SECRET}@host/db", "host:5432/db", "u", True),
        (f"postgresql+psycopg2://u:{SECRET}@host/db", "host:5432/db", "u", True),
        ("postgresql://u@[::1]:5433/db", "[::1]:5433/db", "u", False),
        ("postgresql:///db?host=/run/postgresql&user=u", "/run/postgresql:5432/db", "u", False),
        (f"host=host dbname=db user=u password='{SECRET} x'", "host:5432/db", "u", True),
        ("  postgresql://u@host/db\n", "host:5432/db", "u", False),
        ("postgresql://me%40server@host/db", "host:5432/db", "me@server", False),
        ("postgresql://u@host", "host:5432/u", "u", False),
        ("dbname=db", "local socket:5432/db", "", False),
    ],
)
def test_an_address_names_its_parts(text: str, label: str, user: str, has_password: bool):
    target = from_text(text, origin="the test")
    assert (target.label, target.name, target.user, bool(target.password)) == (label, label, user, has_password)
    assert "password" not in target.parameters


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        SECRET,
        f"host=h {SECRET}",
        f"host=h password='{SECRET}",
        f"mysql://u:{SECRET}@host/db",
        f"postgresql://u:{SECRET}%zz@host/db",
        f"postgresql://u:{SECRET}@[::1/db",
        f"postgresql://u:a@{SECRET}@host/db",
        f"postgresql://u:12/{SECRET}@host/db",
        f"postgresql://u:a?b@{SECRET}@host/db",
        f"postgresql://u@host/db?{SECRET}",
        f"postgresql://u@host/db?no_such={SECRET}",
        "postgresql://u:\x00@host/db",
    ],
)
def test_a_malformed_address_is_refused_without_showing_it(text: str):
    with pytest.raises(ConfigError) as caught:
        from_text(text, origin="environment DATABASE_URL")
    assert "the PostgreSQL address from environment DATABASE_URL is malformed" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.text(min_size=1).filter(lambda text: "\0" not in text), st.sampled_from(["postgresql", "postgresql+asyncpg"]))
def test_any_password_can_be_written_in_a_url(password: str, scheme: str):
    try:
        encoded = quote(password, safe="")
    except UnicodeEncodeError:  # a lone surrogate has no form in UTF-8
        return
    target = from_text(f"{scheme}://u:{encoded}@host/db", origin="the test")
    assert target.password
    assert target.password.reveal() == password
    assert target.label == "host:5432/db"


@given(st.text(alphabet="abc12@:/?#[]%=& '\\", max_size=20), st.text(alphabet="abc12@:/?#[]%=& '\\", max_size=20))
def test_a_raw_password_never_reaches_a_label_or_a_message(left: str, right: str):
    try:
        target = from_text(f"postgresql://u:{left}{SECRET}{right}@host/db", origin="the test")
        shown = target.label + target.name + target.user + repr(target)
    except ConfigError as error:
        shown = str(error)
    assert SECRET not in shown


def test_settings_beside_the_url_replace_its_parts():
    settings = Postgres(url=Secret("postgresql://u:old@host/db"), host="other", port=1, password=Secret("new"))
    target = from_settings(settings, "the test")
    assert (target.label, target.user) == ("other:1/db", "u")
    assert target.password
    assert target.password.reveal() == "new"


def test_another_database_of_the_same_server():
    there = from_text("postgresql://u@host/db", origin="the test").at("other")
    assert (there.label, there.name, there.user) == ("host:5432/other", "other", "u")


def test_the_password_is_not_in_the_repr():
    assert SECRET not in repr(Target("n", {"host": "h"}, Secret(SECRET)))
