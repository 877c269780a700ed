"""What is written never holds a password; logging is loaded by the first record; a bug leaves a private file."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.log import redact, write_traceback

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://dj:{PASSWORD}@db/rap",
        f"postgresql://dj:{PASSWORD}@{PASSWORD}@db/rap",
        f"redis://:{PASSWORD}@db:6379/0",
        f"/srv/https:/dj:{PASSWORD}@proxy is not a folder",
        f"postgresql://dj:a/{PASSWORD}@db/rap",
        f"host=db password={PASSWORD}",
        f"host=db password = '{PASSWORD} {PASSWORD}' user=dj",
        rf"password='a\'{PASSWORD}' user=dj",
        f"DB_PASSWORD={PASSWORD}",
        f"PGPASSWORD={PASSWORD} psql",
        f"SPOTIFY_CLIENT_SECRET={PASSWORD}",
        f"https://api/x?access_token={PASSWORD}",
        str({"password": PASSWORD, "user": "dj"}),
        json.dumps({"password": f"a {PASSWORD}"}),
        f"Password: {PASSWORD}",
    ],
)
def test_password_is_hidden(text: str) -> None:
    assert PASSWORD not in redact(text)
    assert "***" in redact(text)


def test_rest_stays_readable() -> None:
    assert redact("postgresql://dj:x@db:5432/rap failed") == "postgresql://dj:***@db:5432/rap failed"
    assert redact("password='x' user=dj") == "password=*** user=dj"
    for harmless in ("http://db:8080/metrics", "postgresql://db/rap", "the password is wrong", "dj@example.org"):
        assert redact(harmless) == harmless


@given(st.text(st.characters(exclude_characters=" \t\n", exclude_categories=("Z", "C")), min_size=6))
def test_any_password_in_an_address_is_hidden(password: str) -> None:
    text = redact(f"postgresql://dj:{password}@db/rap")
    assert text == "postgresql://dj:***@db/rap"


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(st.text("abc='\"\\ :@/{}\n", max_size=60))
def test_redacting_is_quick_on_odd_texts(text: str) -> None:
    redact(text * 20)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20)


def test_logging_is_loaded_by_the_first_record_only() -> None:
    done = python(
        "import sys; from boombap import log; log.configure('info', 'json'); print('logging' in sys.modules);"
        "log.logger('boombap.x').info('hello'); print('logging' in sys.modules)"
    )
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("message", ["token=abc", "password='x y'", 'say "hi"', "zwölf\nlines", "redis://:pw@h/0"])
def test_json_line_is_json_without_secrets(message: str) -> None:
    done = python(
        f"from boombap import log; log.configure('info', 'json'); log.logger('boombap.db').warning('%s', {message!r})"
    )
    (line,) = done.stderr.splitlines()
    record = json.loads(line)
    assert record["message"] == redact(message)
    assert (record["level"], record["logger"]) == ("warning", "boombap.db")
    assert done.stdout == ""


def test_text_line_and_level() -> None:
    done = python(
        "from boombap import log; logger = log.logger('boombap.db'); log.configure('info', 'text');"
        "logger.debug('unseen'); logger.info('password=%s', 'abc'); log.configure('error', 'text');"
        "logger.info('unseen')"
    )
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(" INFO boombap.db: password=***\n")


def test_traceback_lies_in_a_private_file_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["database-diagnostics", f"--dsn=postgresql://dj:{PASSWORD}@db/rap"])
    folder = tmp_path / "deep" / "state"
    for _ in range(2):
        path = write_traceback(ValueError(f"postgresql://dj:{PASSWORD}@db/rap"), folder)
    assert path == folder / "boombap.log"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    text = path.read_text()
    assert text.count("ValueError: postgresql://dj:***@db/rap") == 2
    assert PASSWORD not in text
