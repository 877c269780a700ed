"""The ban that is remembered: shown from both servers, and ended on both, by a person."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from spotify.commands.test_batch import LIMITED, Processor
from spotify.upstream import TOKEN, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache
    from databases import Database

NO_REDIS = "redis://127.0.0.1:1/0"
WARNING = "Spotify makes the ban of an app longer when it keeps sending requests\n"


@pytest.fixture
def processor(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """An app that Spotify has banned for two hours."""
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
    with upstream() as web:
        made = Processor(web, database, cache, boombap, start_boombap)
        web.trick = lambda asked: (429, LIMITED, {"Retry-After": "7200"}) if asked.path != TOKEN else None
        assert made.run("batch", "--tracks", "5").returncode == 75
        web.trick = lambda _: None
        yield made


def shown(processor: Processor, verb: str = "show", *words: str, code: int = 0, **environment: str) -> dict[str, Any]:
    done = processor.run("cooldown", verb, *words, "--format", "json", **environment)
    assert done.returncode == code, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def servers(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(memory["server"], memory["reason"]) for memory in answer["memories"]]


BOTH = [("PostgreSQL", "rate limit"), ("Redis", None)]


def test_both_servers_are_shown(processor: Processor):
    answer = shown(processor)
    assert servers(answer) == BOTH
    assert answer["cooldown_s"] == pytest.approx(7200, abs=60)
    assert answer["cooldown_s"] == max(memory["left_s"] for memory in answer["memories"])
    assert (answer["unseen"], answer["ended"], answer["until"][-1]) == ({}, False, "Z")
    first, second, *rest = processor.run("cooldown", "show").stdout.splitlines()
    assert first.startswith("rate-limited by Spotify for another ")
    assert first.endswith(" UTC")
    assert (second.split(), len(rest)) == (["remembered", "by", "for", "because"], 2)


def test_the_later_end_counts(processor: Processor):
    processor.database.run("UPDATE spotify_cooldowns SET cooldown_until = now() + interval '5 hours'")
    assert shown(processor)["cooldown_s"] == pytest.approx(18_000, abs=60)
    processor.database.run("UPDATE spotify_cooldowns SET cooldown_until = now() + interval '1 hour'")
    assert shown(processor)["cooldown_s"] == pytest.approx(7200, abs=60)


def test_a_redis_that_does_not_answer_is_named(processor: Processor):
    answer = shown(processor, code=3, REDIS_URL=NO_REDIS)
    assert servers(answer) == BOTH[:1]
    assert list(answer["unseen"]) == ["Redis"]
    processor.database.run("DELETE FROM spotify_cooldowns")
    done = processor.run("cooldown", "show", REDIS_URL=NO_REDIS)
    assert (done.returncode, "no ban" in done.stdout) == (3, False)
    assert done.stdout.startswith("Redis was not seen: ")


def test_clear_ends_it_on_both(processor: Processor):
    done = processor.run("cooldown", "clear", "--yes")
    assert (done.returncode, done.stderr) == (0, WARNING)
    assert done.stdout.endswith("it was ended on this side; a process that waits already keeps its own time\n")
    assert shown(processor)["memories"] == []
    assert processor.run("cooldown", "show").stdout == "no ban is remembered\n"
    assert processor.batch("--tracks", "5")["outcomes"] == {"matched": 5}


def test_without_a_terminal_it_needs_yes(processor: Processor):
    done = processor.run("cooldown", "clear")
    assert (done.returncode, done.stdout) == (2, "")
    assert "add --yes to end it" in done.stderr
    assert servers(shown(processor)) == BOTH


def test_without_redis_nothing_is_half_cleared(processor: Processor):
    done = processor.run("cooldown", "clear", "--yes", REDIS_URL=NO_REDIS)
    assert (done.returncode, done.stdout) == (3, "")
    assert servers(shown(processor)) == BOTH


def test_without_a_ban_nothing_is_asked(processor: Processor):
    shown(processor, "clear", "--yes")
    done = processor.run("cooldown", "clear")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no ban is remembered\n", "")


def test_before_the_first_batch(database: Database, cache: Cache, boombap: Any, start_boombap: Any):
    with upstream() as web:
        bare = Processor(web, database, cache, boombap, start_boombap)
        assert shown(bare)["memories"] == []


def test_a_ban_belongs_to_an_app(processor: Processor):
    assert shown(processor, SPOTIFY_CLIENT_ID="another")["memories"] == []
    del processor.environment["SPOTIFY_CLIENT_ID"]
    done = processor.run("cooldown", "show")
    assert done.returncode == 2
    assert "set SPOTIFY_CLIENT_ID" in done.stderr


def test_yes_goes_with_clear(processor: Processor):
    done = processor.run("cooldown", "show", "--yes")
    assert (done.returncode, done.stderr) == (2, "boombap spotify: --yes goes with clear; leave it out\n")


@pytest.mark.parametrize(("typed", "code", "left"), [("y", 0, []), ("no", 1, BOTH), ("", 1, BOTH)])
def test_at_a_terminal_it_asks(processor: Processor, typed: str, code: int, left: list[Any]):
    master, slave = pty.openpty()
    argv = [sys.executable, "-m", "boombap", "spotify", "cooldown", "clear"]
    environment = os.environ | processor.environment
    process = subprocess.Popen(argv, env=environment, stdin=slave, stdout=subprocess.PIPE, stderr=slave)
    os.close(slave)
    seen = b""
    while b"[y/N]" not in seen:
        seen += os.read(master, 4096)
    os.write(master, typed.encode() + b"\n")
    process.communicate(timeout=30)
    os.close(master)
    assert WARNING.strip().encode() in seen
    assert process.returncode == code
    assert servers(shown(processor)) == left
