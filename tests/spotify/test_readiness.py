"""What `boombap doctor` says of the processor: credentials, mode, tables, rights and the ban, and never a secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from boombap.spotify.catalogue import schema
from databases import PASSWORD
from spotify.commands.test_batch import LIMITED, Processor
from spotify.upstream import TOKEN, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caches import Cache
    from databases import Database

BANNED = (429, LIMITED, {"Retry-After": "7200"})


@pytest.fixture
def processor(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
    with upstream() as web:
        yield Processor(web, database, cache, boombap, start_boombap)


def examined(processor: Processor, *words: str, code: int = 0, **environment: str) -> dict[str, tuple[str, str]]:
    done = processor._run("doctor", *words, "--format", "json", **processor.environment | environment)
    assert "Geheimnis" not in done.stdout + done.stderr
    assert PASSWORD not in done.stdout
    assert (done.returncode, done.stderr) == (code, "")
    answers = json.loads(done.stdout)["answers"]
    return {answer["subject"]: (answer["state"], answer["finding"]) for answer in answers}


def test_before_the_first_run(processor: Processor):
    found = examined(processor)
    assert found["Spotify app"][0] == "ok"
    assert found["Spotify mode"][1].startswith("auto: ")
    assert found["Spotify mode"][1].endswith("100,000 requests in 30 s")
    assert found["Spotify tables"] == ("ok", "not there yet; the first `spotify batch` makes them")
    assert found["Spotify ban"] == ("ok", "none is remembered")
    assert "Spotify token" not in found
    assert processor.web.log == [], "doctor asks Spotify only when told to"
    assert processor.database.run("SELECT to_regclass('spotify_matches')::text AS name") == [{"name": None}]


def test_after_a_run(processor: Processor):
    processor.batch("--tracks", "1")
    found = examined(processor, BOOMBAP_SPOTIFY_MODE="development")
    assert found["Spotify tables"] == ("ok", f"version {schema.VERSION}; no right is missing")
    assert found["Spotify mode"][1].startswith("development mode: ")


@pytest.mark.parametrize(
    ("environment", "state", "missing"),
    [
        ({"SPOTIFY_CLIENT_ID": "", "SPOTIFY_CLIENT_SECRET": ""}, "note", "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET"),
        ({"SPOTIFY_CLIENT_SECRET": ""}, "bad", "SPOTIFY_CLIENT_SECRET"),
        ({"SPOTIFY_CLIENT_ID": ""}, "bad", "SPOTIFY_CLIENT_ID"),
    ],
)
def test_missing_credentials_are_named(processor: Processor, environment: dict[str, str], state: str, missing: str):
    found = examined(processor, code=int(state == "bad"), **environment)
    assert found["Spotify app"] == (state, f"no credentials; set {missing}")
    assert "Spotify mode" not in found


def test_one_token_request_tells_whether_the_credentials_work(processor: Processor):
    assert examined(processor, "--token")["Spotify token"] == ("ok", "Spotify accepts the credentials")
    assert [asked.path for asked in processor.web.log] == [TOKEN]
    processor.web.trick = lambda _: (400, {"error": "invalid_client"})
    state, finding = examined(processor, "--token", code=1)["Spotify token"]
    assert (state, "check SPOTIFY_CLIENT_ID" in finding) == ("bad", True)
    assert len(processor.web.log) == 2


def test_a_ban_is_told_with_its_end_and_no_token_is_asked_for(processor: Processor):
    processor.web.trick = lambda asked: BANNED if asked.path != TOKEN else None
    assert processor.run("batch", "--tracks", "5").returncode == 75
    asked = len(processor.web.log)
    found = examined(processor, "--token")
    state, finding = found["Spotify ban"]
    assert state == "note"
    assert finding.startswith("no request for another ")
    assert finding.endswith(" UTC, says PostgreSQL and Redis")
    assert found["Spotify token"][1].startswith("not tried: ")
    assert len(processor.web.log) == asked


def test_a_redis_that_does_not_answer_hides_a_ban(processor: Processor):
    found = examined(processor, code=1, REDIS_URL="redis://127.0.0.1:1/0")
    assert found["Spotify ban"][0] == "bad"
    assert "Redis was not seen" in found["Spotify ban"][1]


def test_without_redis_and_postgresql_it_says_what_that_means(processor: Processor):
    for name in ("DATABASE_URL", "REDIS_URL"):
        del processor.environment[name]
    found = examined(processor)
    assert found["Spotify cache"][0] == "note"
    assert "25 % of the budget" in found["Spotify cache"][1]
    assert [found[subject][0] for subject in ("Spotify tables", "Spotify ban")] == ["note", "note"]


def test_missing_rights_are_named_with_the_statements_that_grant_them(processor: Processor):
    processor.batch("--tracks", "1")
    processor.database.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain")
    state, finding = examined(processor, code=1, DATABASE_URL=processor.database.url("plain"))["Spotify tables"]
    assert state == "bad"
    assert "the role plain lacks INSERT on spotify_albums, " in finding
    statements = finding.partition("run as their owner: ")[2]
    assert 'GRANT UPDATE (spotify_data) ON tracks TO "plain";' in statements
    processor.database.run(statements)
    assert examined(processor, DATABASE_URL=processor.database.url("plain"))["Spotify tables"][0] == "ok"


def test_another_database_is_named(processor: Processor, empty: Database):
    state, finding = examined(processor, code=1, DATABASE_URL=empty.url())["Spotify tables"]
    assert (state, "no table tracks" in finding) == ("bad", True)
