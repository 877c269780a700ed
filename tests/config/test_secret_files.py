"""Secrets that a file holds: Docker, Compose and Kubernetes mount them, and a NAME_FILE variable says where."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from boombap.config.load import load
from boombap.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "hunter2"


def refusal(environ: dict[str, str], folder: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(environ=environ, folder=folder)
    assert PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "DB_PASSWORD"])
def test_password_from_a_file(tmp_path: Path, name: str, ending: str) -> None:
    (tmp_path / "secret").write_bytes(f" {PASSWORD} {ending}".encode())
    config = load(environ={f"{name}_FILE": str(tmp_path / "secret")}, folder=tmp_path)
    assert config.postgres.password is not None
    assert config.postgres.password.reveal() == f" {PASSWORD} "
    assert config.sources["postgres.password"] == f"environment {name}_FILE"


def test_file_that_is_named_in_dotenv(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://:hunter2@cache/0\n")
    (tmp_path / ".env").write_text(f"REDIS_URL_FILE={tmp_path / 'url'}\n")
    config = load(environ={}, folder=tmp_path)
    assert config.redis.url is not None
    assert config.redis.url.reveal() == "redis://:hunter2@cache/0"
    assert config.sources["redis.url"] == ".env:1 REDIS_URL_FILE"


def test_a_link_as_kubernetes_makes_it_is_followed(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "password").write_text(PASSWORD)
    (tmp_path / "password").symlink_to(tmp_path / "..data" / "password")
    config = load(environ={"REDIS_PASSWORD_FILE": str(tmp_path / "password")}, folder=tmp_path)
    assert config.redis.password


def test_both_are_set(tmp_path: Path) -> None:
    environ = {"DB_PASSWORD": PASSWORD, "DB_PASSWORD_FILE": "/x"}
    assert refusal(environ, tmp_path) == "DB_PASSWORD and DB_PASSWORD_FILE are both set; keep one of them"


def test_file_that_is_not_there(tmp_path: Path) -> None:
    text = refusal({"DATABASE_URL_FILE": str(tmp_path / "none")}, tmp_path)
    assert text == (f"environment DATABASE_URL_FILE names {tmp_path / 'none'}, which is not a file that can be read")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (PASSWORD.encode() * 10_000, "is larger than 64 KiB"),
    ],
)
def test_file_that_holds_no_secret(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "secret").write_bytes(content)
    assert words in refusal({"DB_PASSWORD_FILE": str(tmp_path / "secret")}, tmp_path)


def test_a_pipe_does_not_let_the_start_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refusal({"DB_PASSWORD_FILE": str(tmp_path / "pipe")}, tmp_path)


def test_a_nearer_value_leaves_the_file_unread(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_PASSWORD_FILE=/none\n")
    config = load(environ={"DB_PASSWORD": PASSWORD}, folder=tmp_path)
    assert config.postgres.password


def test_only_secrets_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "level").write_text("debug")
    text = refusal({"BOOMBAP_LOG_LEVEL_FILE": str(tmp_path / "level")}, tmp_path)
    assert text.startswith("unknown key BOOMBAP_LOG_LEVEL_FILE in environment")
