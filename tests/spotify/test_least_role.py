"""The role and the ACL user of docs/reference/spotify.md are enough, and each right that is missing is named."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from boombap.clients.redis.target import from_text
from boombap.errors import AccessDenied
from boombap.spotify.quota.shared_window import SharedRateWindow
from spotify.commands.test_batch import Processor
from spotify.upstream import upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache
    from databases import Database

WINDOW = (
    "eval", "evalsha", "time", "get", "set", "del", "exists", "decrby", "pexpire",
    "zadd", "zrem", "zscore", "zcard", "zrange", "zrangebyscore",
)  # fmt: skip
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "spotify.md"
PASSWORD = "Geheimnis-acl"
SECTION = PAGE.read_text(encoding="utf-8").partition("## The least role")[2].partition("\n## ")[0]
SQL = "".join(re.findall(r"```sql\n(.*?)```", SECTION, re.DOTALL))
(ACL,) = re.findall(r"```text\n(ACL SETUSER .*?)```", SECTION, re.DOTALL)


def rights() -> list[tuple[str, str]]:
    """Return each right on each table that the page grants."""
    found = []
    for granted, tables in re.findall(r"GRANT ([A-Z, ()_a-z]+) ON ((?:tracks|spotify_)[a-z_, ]*) TO", SQL):
        found += [(right, table) for right in granted.split(", ") for table in tables.split(", ")]
    return found


@pytest.fixture
def processor(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """Tables made by their owner, and the commands run by the role `plain` with the rights of the page."""
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
    with upstream() as web:
        made = Processor(web, database, cache, boombap, start_boombap)
        made.batch("--tracks", "1")
        assert made.run("audit", "--apply").returncode == 0
        statements = SQL.replace("processor", "plain").replace("DATABASE rap", f"DATABASE {database.name}")
        database.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        database.run("".join(re.findall(r"^GRANT .*\n", statements, re.MULTILINE)))
        made.environment["DATABASE_URL"] = database.url("plain")
        yield made


@pytest.fixture
def user(cache: Cache) -> Iterator[str]:
    """The address with which the ACL user of the page logs in."""
    cache.call(*ACL.replace(">...", f">{PASSWORD}").split())
    yield cache.url.replace("://", f"://processor:{PASSWORD}@")
    cache.call("ACL", "DELUSER", "processor")


def check_a_round(processor: Processor) -> None:
    done = processor.run("batch", "--tracks", "40", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["outcomes"] == {"matched": 40}
    for words in (["status"], ["audit"], ["forget", "1", "2"], ["restore", "1"], ["cooldown", "show"]):
        done = processor.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), words
    assert processor.run("batch", "--tracks", "1").returncode == 0


def test_the_role_and_the_user_of_the_page_are_enough(processor: Processor, user: str):
    processor.environment["REDIS_URL"] = user
    check_a_round(processor)


# Of each kind of table one is looked at each time, all of them in the long tests.
QUICK = ("tracks", "spotify_leases", "spotify_quarantine")
RIGHTS = [pytest.param(*right, marks=() if right[1] in QUICK else pytest.mark.slow) for right in rights()]


@pytest.mark.parametrize(("right", "table"), RIGHTS, ids=str)
def test_a_right_that_is_missing_is_named(processor: Processor, right: str, table: str):
    processor.batch("--tracks", "2")
    processor.database.run(f"REVOKE {right} ON {table} FROM plain")
    # The first command that needs the right.
    runs = (processor.run(*words) for words in (("batch",), ("forget", "1"), ("restore", "1")))
    said = next((done.stderr for done in runs if done.returncode == 3), "")
    assert f"the role plain lacks {right.partition(' ')[0]} on {table} at " in said
    assert f'GRANT {right} ON {table} TO "plain";' in said


def run_a_window(cache: Cache, user: str) -> None:
    """Take more than there is, give back, and remember, read and end a ban."""
    with cache.pool(from_text(user, origin="the test")) as pool:
        window = SharedRateWindow(pool, "account", budget=2, length_s=30.0)
        assert window.take(1).granted == 1
        assert window.take(5).granted == 1
        window.give_back(1)
        window.cool_down(time.time() + 60, "test")
        assert window.cooldown_until_s()
        window.end_cooldown()


@pytest.mark.parametrize("word", WINDOW)
def test_a_command_of_the_shared_window_that_is_missing_is_named(cache: Cache, user: str, word: str):
    cache.call("SCRIPT", "FLUSH")
    cache.call("ACL", "SETUSER", "processor", f"-{word}")
    with pytest.raises(AccessDenied, match=f"processor may not run {word.upper()} at "):
        run_a_window(cache, user)


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("get", ["batch", "--tracks", "2"]),
        ("set", ["batch", "--tracks", "2"]),
        ("hincrby", ["batch", "--tracks", "2"]),
        ("hmget", ["status"]),
        ("del", ["forget", "1"]),
    ],
)
def test_a_command_of_the_cache_that_is_missing_is_named(
    processor: Processor, cache: Cache, user: str, word: str, command: list[str]
):
    processor.environment["REDIS_URL"] = user
    cache.call("ACL", "SETUSER", "processor", f"-{word}")
    done = processor.run(*command, BOOMBAP_SPOTIFY_LOCAL_SHARE="50")
    assert f"processor may not run {word.upper()} at " in done.stderr
    assert done.returncode == (3 if word == "del" else 0)


def test_every_command_of_the_page_is_needed():
    granted = {word[1:] for word in ACL.split() if word.startswith("+")}
    assert granted == {*WINDOW, "hmget", "hincrby"}
