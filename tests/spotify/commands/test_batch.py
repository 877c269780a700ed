"""The command as a process, with real PostgreSQL and Valkey, and a Web API that plays tricks."""

from __future__ import annotations

import json
import random
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from boombap.spotify.catalogue.schema import LOCK_SPACE
from databases import until
from spotify.upstream import TOKEN, Upstream, upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import CompletedProcess, Popen

    from caches import Cache
    from databases import Database
    from spotify.upstream import Asked

LIMITED = {"error": {"status": 429, "message": "API rate limit exceeded"}}
TRACKS = 1_000


@pytest.fixture
def web() -> Iterator[Upstream]:
    with upstream() as made:
        yield made


@pytest.fixture
def named(database: Database) -> Database:
    """1,000 tracks of which only the names are known."""
    database.run("UPDATE tracks SET artist = 'Nas', title = 'Song ' || id, spotify_data = NULL")
    return database


@pytest.fixture
def known(named: Database) -> Database:
    """1,000 tracks whose ids are known."""
    named.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', lpad(id::text, 22, '0'))")
    return named


class Processor:
    """Runs `boombap spotify` against the servers of one test."""

    def __init__(self, web: Upstream, database: Database, cache: Cache | None, run: Any, start: Any) -> None:
        self.web, self.database, self.cache = web, database, cache
        self._run, self._start = run, start
        self.environment = {
            "DATABASE_URL": database.url(),
            "SPOTIFY_CLIENT_ID": "client",
            "SPOTIFY_CLIENT_SECRET": "Geheimnis-4711",
            "BOOMBAP_SPOTIFY_BASE_URL": f"{web.url}/v1",
            "BOOMBAP_SPOTIFY_ACCOUNTS_URL": web.url,
            "BOOMBAP_SPOTIFY_BUDGET": "100000",
        }
        if cache:
            self.environment["REDIS_URL"] = cache.url

    def run(self, *words: str, **environment: str) -> CompletedProcess[str]:
        done: CompletedProcess[str] = self._run("spotify", *words, **self.environment | environment)
        assert "Geheimnis" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def start(self, *words: str, **environment: str) -> Popen[str]:
        process: Popen[str] = self._start("spotify", *words, **self.environment | environment)
        return process

    def batch(self, *words: str, **environment: str) -> dict[str, Any]:
        done = self.run("batch", "--format", "json", *words, **environment)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def outcomes(self) -> dict[str, int]:
        rows = self.database.run("SELECT outcome, count(*) AS n FROM spotify_matches GROUP BY outcome")
        return {row["outcome"]: row["n"] for row in rows}

    def filled(self) -> int:
        (row,) = self.database.run("SELECT count(*) AS n FROM tracks WHERE spotify_data ? 'name'")
        count: int = row["n"]
        return count

    def delete(self, condition: str) -> None:
        # The tables that point at `tracks` are not ours.
        self.database.run(f"SET session_replication_role = replica; DELETE FROM tracks WHERE {condition}")

    def leases(self) -> int:
        (row,) = self.database.run("SELECT count(*) AS n FROM spotify_leases")
        count: int = row["n"]
        return count


@pytest.fixture
def processor(web: Upstream, known: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Processor:
    return Processor(web, known, cache, boombap, start_boombap)


def test_known_ids_are_stored_and_a_second_run_asks_nothing(processor: Processor):
    first = processor.batch("--tracks=1000")
    assert first["outcomes"] == {"matched": TRACKS}
    assert first["requests"] == 20
    assert first["stored"] == TRACKS
    assert processor.outcomes() == {"matched": TRACKS}
    assert processor.filled() == TRACKS
    asked = processor.web.log[:]
    second = processor.batch()
    assert (second["tracks"], second["requests"]) == (0, 0)
    assert processor.web.log == asked
    assert processor.leases() == 0


def test_names_only(processor: Processor):
    processor.database.run("UPDATE tracks SET spotify_data = NULL")
    processor.database.run("UPDATE tracks SET title = 'Nothing of the kind' WHERE id <= 100")
    done = processor.batch("--tracks", "300")
    assert done["outcomes"] == {"matched": 200, "not_found": 100}
    assert processor.filled() == 200


def test_the_text_says_what_was_done(processor: Processor):
    done = processor.run("batch", "--tracks", "100")
    first, second, third = done.stdout.splitlines()
    assert first.startswith("100 tracks in ")
    assert first.endswith(", extended mode")
    assert (second, third) == ("  100 matched", "  0 % from the cache, 2 requests (0.02 per track)")


def test_an_empty_table_is_fine(processor: Processor):
    processor.database.run("TRUNCATE tracks CASCADE")
    done = processor.run("batch")
    assert (done.returncode, done.stdout) == (0, "nothing to do: every track has a result\n")
    assert processor.web.log == []


def test_what_others_work_on_is_not_done(processor: Processor):
    assert processor.batch("--tracks", "10")["outcomes"] == {"matched": 10}
    session = processor.database.connect()
    with closing(session), session.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 4711)", (LOCK_SPACE,))
        cursor.execute(
            "INSERT INTO spotify_leases (track_id, holder, ends_at)"
            " SELECT id, 4711, now() + interval '1 minute' FROM tracks"
            " WHERE id NOT IN (SELECT track_id FROM spotify_matches) RETURNING 1"
        )
        leased = len(cursor.fetchall())
        done = processor.run("batch")
        assert (done.returncode, done.stdout) == (
            0,
            f"nothing to do here: another process works on {leased:,} tracks\n",
        )
        assert processor.batch()["unserved"] == {"leased": leased, "refused": 0}


@pytest.mark.parametrize("text", ["artist,title\n", "artist,title\nNas,\n", "", "artist,title\n\n\n"])
def test_a_file_without_a_usable_row_is_no_success(processor: Processor, isolated: Any, text: str):
    (isolated / "wanted.csv").write_text(text)
    done = processor.run("batch", "--from", "wanted.csv")
    assert done.returncode == 2
    assert "nothing to do" not in done.stdout
    if text:
        assert "wanted.csv has no usable row" in done.stderr
    assert processor.run("plan", "--from", "wanted.csv").returncode == 2


def test_a_dry_run_keeps_nothing_in_the_cache(processor: Processor, isolated: Any):
    (isolated / "wanted.csv").write_text("artist,title\nNas,Song 7\n", encoding="utf-8")
    for _ in range(2):
        done = processor.batch("--from", "wanted.csv", "--dry-run")
        assert (done["outcomes"], done["requests"], done["cache_hits"]) == ({"matched": 1}, 1, 0)


def test_a_dry_run_stores_nothing(processor: Processor):
    done = processor.batch("--dry-run", "--tracks", "60")
    assert done["outcomes"] == {"matched": 60}
    assert processor.filled() == 0
    assert processor.database.run("SELECT to_regclass('spotify_matches')::text AS name") == [{"name": None}]


def test_ids_from_stdin_are_answered_on_stdout(processor: Processor, isolated: Any):
    file = isolated / "wanted.csv"
    file.write_text("artist,title\nNas,Song 7\nNas,\nNas,No Such Thing\n", encoding="utf-8")
    done = processor.batch("--from", str(file))
    assert [(match["key"], match["outcome"]) for match in done["matches"]] == [(2, "matched"), (4, "not_found")]
    assert done["skipped"][0]["line"] == 3


def test_wrong_credentials_say_so_at_once(processor: Processor):
    processor.web.trick = lambda asked: (400, {"error": "invalid_client"}) if asked.path == TOKEN else None
    done = processor.run("batch")
    assert done.returncode == 3
    assert "check SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET" in done.stderr
    assert len(processor.web.log) == 1


def test_without_credentials_nothing_begins(processor: Processor):
    done = processor.run("batch", SPOTIFY_CLIENT_SECRET="")
    assert done.returncode == 2
    assert "SPOTIFY_CLIENT_SECRET" in done.stderr


@pytest.mark.parametrize("redis", ["kept", "forgotten"])
def test_a_ban_parks_and_the_next_start_makes_no_request(processor: Processor, redis: str):
    processor.web.trick = lambda asked: (
        (429, LIMITED, {"Retry-After": "43200"}) if asked.path != TOKEN and asked.number > 3 else None
    )
    done = processor.run("batch", "--workers", "3")
    assert done.returncode == 75
    assert "run the same command again after" in done.stderr
    assert processor.outcomes() == {"matched": 150}
    assert processor.cache
    if redis == "forgotten":
        processor.cache.call("FLUSHALL")
    asked = len(processor.web.log)
    again = processor.run("batch")
    assert again.returncode == 75
    assert "12 h" in again.stderr or "11 h" in again.stderr
    assert len(processor.web.log) == asked


def test_sigterm_writes_what_was_in_flight(processor: Processor):
    child = processor.start("batch", "--workers", "2", "--format", "json", BOOMBAP_SPOTIFY_BUDGET="100")

    def trick(asked: Asked) -> None:
        if asked.path != TOKEN and asked.number == 5:
            child.send_signal(signal.SIGTERM)

    processor.web.trick = trick
    out, _ = child.communicate(timeout=20)
    assert child.returncode == 143
    assert processor.outcomes()["matched"] == json.loads(out)["stored"] == 50 * processor.web.count()
    assert processor.leases() == 0


@pytest.mark.slow
def test_two_processes_share_the_work_and_the_budget(processor: Processor):
    window, budget = 1.0, 8
    environment = {"BOOMBAP_SPOTIFY_BUDGET": str(budget), "BOOMBAP_SPOTIFY_WINDOW": "1s"}
    children = [processor.start("batch", "--workers", "5", **environment) for _ in range(2)]
    assert [child.wait(timeout=40) for child in children] == [0, 0]
    times = [asked.at_s for asked in processor.web.log if asked.path != TOKEN]
    assert len(times) == 20 or len(times) == 21
    assert max(sum(at <= other < at + window for other in times) for at in times) <= budget
    assert processor.outcomes() == {"matched": TRACKS}


@pytest.mark.slow
def test_kill_at_20_random_points_loses_and_doubles_nothing(processor: Processor):
    chance = random.Random(47)
    processor.database.run("CREATE TABLE written (id bigint)")
    processor.database.run(
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN INSERT INTO public.written VALUES (new.track_id); RETURN new; END$$"
    )
    assert processor.run("batch", "--tracks", "1").returncode == 0
    processor.database.run(
        "CREATE TRIGGER note BEFORE INSERT OR UPDATE ON spotify_matches FOR EACH ROW EXECUTE FUNCTION note()"
    )
    for _ in range(20):
        child = processor.start("batch", "--tracks", "60", "--workers", "1", "-q")
        begun = time.monotonic()
        pause = chance.uniform(0.05, 0.7)
        until(lambda: time.monotonic() - begun > pause or child.poll() is not None)  # noqa: B023 - called at once
        child.kill()
        child.wait()
    assert processor.run("batch", "-q").returncode == 0
    assert processor.outcomes() == {"matched": TRACKS}
    assert processor.filled() == TRACKS
    (row,) = processor.database.run("SELECT count(*) AS n, count(DISTINCT id) AS rows FROM written")
    assert (row["n"], row["rows"]) == (TRACKS - 1, TRACKS - 1)


def test_redis_that_is_down_from_the_start_costs_the_cache_only(processor: Processor):
    done = processor.run("batch", REDIS_URL="redis://127.0.0.1:1/0", BOOMBAP_SPOTIFY_LOCAL_SHARE="50")
    assert done.returncode == 0, done.stderr
    assert processor.outcomes() == {"matched": TRACKS}
    assert "local share" in done.stderr


def test_without_redis_a_note_says_what_that_means(processor: Processor):
    del processor.environment["REDIS_URL"]
    done = processor.run("batch", "--tracks", "10")
    assert done.returncode == 0
    assert "without a cache, and with 25 % of the budget" in done.stderr


def test_one_bad_row_costs_nobody_else(processor: Processor):
    processor.web.trick = lambda asked: bad_title(asked) if asked.path == "/v1/tracks" else None
    process = processor.run("batch", "--format", "json")
    done = json.loads(process.stdout)
    assert (done["stored"], done["refused"]) == (TRACKS - 1, 1)
    assert processor.outcomes() == {"matched": TRACKS - 1}
    assert process.returncode == 3
    assert "PostgreSQL refused the results of 1; see the table spotify_dead_letters" in process.stderr


@pytest.mark.parametrize("source", ["db", "wanted.csv"])
def test_a_track_that_was_given_up_is_told_and_decides_the_exit_code(processor: Processor, isolated: Any, source: str):
    processor.database.run("UPDATE tracks SET spotify_data = NULL")
    (isolated / "wanted.csv").write_text("artist,title\nNas,Song 7\nNas,Song 8\n", encoding="utf-8")
    processor.web.trick = lambda asked: (
        (403, {"error": {"message": "Forbidden"}}) if '"song 7"' in asked.query.get("q", [""])[0].lower() else None
    )
    done = processor.run("batch", "--from", source)
    assert done.returncode == 3
    of = TRACKS if source == "db" else 2
    assert f"1 of {of:,} tracks failed (/search?type=track: status 403 (Forbidden)); run the same" in done.stderr
    assert "1 failed" in done.stdout
    processor.web.trick = lambda _: None
    assert processor.run("batch", "--from", source).returncode == 0


def test_a_ban_after_a_failure_tells_both(processor: Processor):
    processor.database.run("UPDATE tracks SET spotify_data = NULL")

    def trick(asked: Asked) -> tuple[int, object] | tuple[int, object, dict[str, str]] | None:
        if asked.path != "/v1/search" or asked.number < 9:
            return (403, {"error": {"message": "Forbidden"}}) if asked.number == 4 and asked.path != TOKEN else None
        return 429, LIMITED, {"Retry-After": "43200"}

    processor.web.trick = trick
    done = processor.run("batch", "--workers", "1")
    assert done.returncode == 3
    assert "tracks failed (/search?type=track: status 403 (Forbidden)); " in done.stderr
    assert "run the same command again after" in done.stderr


def bad_title(asked: Asked) -> tuple[int, object]:
    from spotify.upstream import known

    tracks = [known(id_) for id_ in asked.ids]
    for track in tracks:
        if track["id"].endswith("0042"):
            track["preview_url"] = "nul \0 in it"
    return 200, {"tracks": tracks}


def test_refresh_asks_for_old_matches_only(processor: Processor):
    processor.batch()
    processor.database.run("UPDATE spotify_matches SET checked_at = now() - interval '40 days' WHERE track_id <= 50")
    before = processor.web.count()
    if processor.cache:
        processor.cache.call("FLUSHALL")
    done = processor.run("refresh", "--older-than", "30d", "--format", "json")
    assert json.loads(done.stdout)["tracks"] == 50
    assert processor.web.count() == before + 1


def test_without_a_terminal_there_is_no_bar(processor: Processor):
    done = processor.run("batch", "--tracks", "50")
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stderr


def test_a_cache_that_knows_answers_without_a_request(processor: Processor):
    processor.batch()
    asked = len(processor.web.log)
    processor.database.run("UPDATE tracks SET spotify_data = jsonb_build_object('id', spotify_data ->> 'id')")
    processor.database.run("TRUNCATE spotify_matches")
    again = processor.batch()
    assert again["outcomes"] == {"matched": TRACKS}
    assert (again["cache_hits"], again["requests"]) == (TRACKS, 0)
    assert len(processor.web.log) == asked
    assert processor.filled() == TRACKS


def test_a_warm_cache_is_as_good(processor: Processor):
    processor.batch()
    assert processor.cache
    processor.cache.call("FLUSHALL")
    done = processor.run("warm", "--format", "json")
    assert json.loads(done.stdout)["tracks"] == TRACKS
    processor.database.run("TRUNCATE spotify_matches")
    assert processor.batch()["requests"] == 0


def test_corrupt_values_of_the_cache_are_misses(processor: Processor):
    processor.batch("--tracks", "50")
    assert processor.cache
    keys = processor.cache.call("KEYS", "*")
    for key in keys:
        processor.cache.call("SET", key, b'["' + b"\xff" * 20)
    processor.database.run("TRUNCATE spotify_matches")
    assert processor.batch()["outcomes"] == {"matched": TRACKS}


def test_redis_that_fills_up_costs_the_cache_only(processor: Processor, own_cache: Any):
    full = own_cache(maxmemory="2mb", maxmemory_policy="noeviction")
    done = processor.run("batch", REDIS_URL=full.url)
    assert done.returncode == 0, done.stderr
    assert processor.outcomes() == {"matched": TRACKS}


def test_redis_that_goes_away_in_the_middle(processor: Processor, own_cache: Any):
    going = own_cache()

    def trick(asked: Asked) -> None:
        if asked.path != TOKEN and asked.number == 5:
            going.ask("SHUTDOWN", "NOSAVE")

    processor.web.trick = trick
    done = processor.run("batch", "--workers", "2", REDIS_URL=going.url, BOOMBAP_SPOTIFY_LOCAL_SHARE="50")
    assert done.returncode == 0, done.stderr
    assert processor.outcomes() == {"matched": TRACKS}


def test_postgres_that_ends_the_connection_in_the_middle(processor: Processor):
    ended: list[int] = []

    def trick(asked: Asked) -> None:
        if asked.path != TOKEN and asked.number in {5, 12}:
            killed = processor.database.run(
                "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name LIKE 'boombap %%' AND state = 'idle'",
                {},
            )
            ended.append(killed[0]["n"])

    processor.web.trick = trick
    done = processor.run("batch", "--workers", "1")
    assert sum(ended) > 0
    assert done.returncode == 0, done.stderr
    assert processor.outcomes() == {"matched": TRACKS}
    assert processor.leases() == 0


def test_a_refresh_of_nothing_does_not_say_that_all_is_done(processor: Processor):
    processor.batch("--tracks", "10")
    done = processor.run("refresh", "--older-than", "30d")
    assert (done.returncode, done.stdout) == (0, "nothing to refresh: no match is that old\n")


def test_leases_of_a_process_that_is_gone_are_not_work_in_progress(processor: Processor):
    processor.batch("--tracks", "10")
    processor.database.run(
        "INSERT INTO spotify_leases (track_id, holder, ends_at) SELECT id, 4711, now() + interval '5 minutes'"
        " FROM tracks WHERE id > 900"
    )
    assert json.loads(processor.run("status", "--format", "json").stdout)["leased"] == 0
    with processor.database.holding(f"SELECT pg_advisory_xact_lock({LOCK_SPACE}, 4711)"):
        assert json.loads(processor.run("status", "--format", "json").stdout)["leased"] == 100


def test_as_many_workers_as_the_option_allows(processor: Processor):
    assert processor.batch("--workers", "900", "--tracks", "3")["stored"] == 3


def test_what_is_not_stored_is_said(processor: Processor):
    processor.batch("--tracks", "1")
    processor.database.run(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
    )
    processor.database.run("CREATE TRIGGER slow BEFORE INSERT ON spotify_tracks FOR EACH ROW EXECUTE FUNCTION slow()")
    done = processor.run("batch", "--tracks", "50")
    assert done.returncode == 3, done.stderr
    assert "0 of 50 results are stored" in done.stdout


def test_rows_that_somebody_else_locks_are_left_for_later(processor: Processor):
    with processor.database.holding("SELECT 1 FROM tracks WHERE id = 500 FOR UPDATE"):
        assert processor.batch()["stored"] == TRACKS - 1
    assert processor.batch()["stored"] == 1


@pytest.mark.parametrize(
    "condition",
    [
        "deadlock_detected",
        *(
            pytest.param(condition, marks=pytest.mark.slow)
            for condition in ("serialization_failure", "query_canceled", "admin_shutdown")
        ),
    ],
)
def test_a_flush_that_fails_for_now_is_tried_again(processor: Processor, condition: str):
    processor.batch("--tracks", "1")
    processor.database.run("CREATE SEQUENCE tries")
    processor.database.run(
        "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN IF nextval('public.tries') <= 3 THEN RAISE {condition}; END IF; RETURN new; END$$"
    )
    processor.database.run(
        "CREATE TRIGGER stumble BEFORE INSERT ON spotify_matches FOR EACH ROW EXECUTE FUNCTION stumble()"
    )
    done = processor.batch()
    assert (done["stored"], done["refused"]) == (TRACKS - 1, 0)
    assert processor.outcomes() == {"matched": TRACKS}


def test_the_plan_asks_nothing(processor: Processor):
    processor.database.run("UPDATE tracks SET album = 'Album ' || id / 20")
    done = processor.run("plan", "--format", "json")
    found = json.loads(done.stdout)
    assert found["tracks"] == found["known_ids"] == TRACKS
    assert found["modes"]["extended"]["requests"] == 20
    assert found["modes"]["development"]["requests_per_track"] < 0.1
    assert "days of quota" in processor.run("plan").stdout
    assert processor.web.log == []


def test_status_says_where_the_catalogue_stands(processor: Processor):
    before = json.loads(processor.run("status", "--format", "json").stdout)
    assert (before["tracks"], before["unjudged"], before["outcomes"]) == (TRACKS, TRACKS, {})
    processor.batch("--tracks", "300")
    after = json.loads(processor.run("status", "--format", "json").stdout)
    assert (after["outcomes"], after["unjudged"]) == ({"matched": 300}, 700)
    assert after["cache"] == {"hits": 0, "misses": 300}
    text = processor.run("status").stdout
    assert "1,000 tracks" in text
    assert "0 % of 300 look-ups were hits" in text


def test_a_corrected_row_is_asked_for_again(processor: Processor):
    processor.batch("--tracks", "20")
    processor.delete("id > 20")
    processor.database.run("UPDATE tracks SET artist = 'Beethoven', title = 'Sonata 14' WHERE id = 5")
    status = json.loads(processor.run("status", "--format", "json").stdout)
    assert (status["outcomes"], status["unjudged"]) == ({"matched": 19}, 1)
    assert json.loads(processor.run("plan", "--format", "json").stdout)["tracks"] == 1
    assert processor.batch()["outcomes"] == {"not_found": 1}
    (row,) = processor.database.run("SELECT spotify_data FROM tracks WHERE id = 5")
    assert row["spotify_data"] is None
    assert processor.batch()["tracks"] == 0


def test_a_restored_table_is_filled_again_without_a_request(processor: Processor):
    processor.batch()
    asked = len(processor.web.log)
    processor.database.run("UPDATE tracks SET spotify_data = NULL WHERE id <= 400")
    processor.delete("id > 900")
    status = json.loads(processor.run("status", "--format", "json").stdout)
    assert (status["tracks"], status["outcomes"], status["empty"]) == (900, {"matched": 900}, 0)
    assert json.loads(processor.run("plan", "--format", "json").stdout)["tracks"] == 0
    done = processor.run("batch")
    assert "400 matched rows were filled again from spotify_tracks, without a request" in done.stdout
    assert processor.filled() == 900
    assert len(processor.web.log) == asked
    assert processor.batch()["refilled"] == 0


def test_a_ban_shows_in_the_status(processor: Processor):
    processor.web.trick = lambda asked: (429, LIMITED, {"Retry-After": "7200"}) if asked.path != TOKEN else None
    assert processor.run("batch").returncode == 75
    assert "rate-limited by Spotify for another" in processor.run("status").stdout


def test_a_ban_of_a_dry_run_shows_in_the_status(processor: Processor):
    """It makes no tables, so that only Redis knows of it."""
    processor.web.trick = lambda asked: (429, LIMITED, {"Retry-After": "7200"}) if asked.path != TOKEN else None
    assert processor.run("batch", "--dry-run").returncode == 75
    status = json.loads(processor.run("status", "--format", "json").stdout)
    assert status["cooldown_s"] == pytest.approx(7200, abs=60)


def test_a_ban_that_redis_forgot_shows_in_the_status(processor: Processor):
    processor.web.trick = lambda asked: (429, LIMITED, {"Retry-After": "7200"}) if asked.path != TOKEN else None
    assert processor.run("batch").returncode == 75
    for url in ("redis://127.0.0.1:1/0", processor.environment["REDIS_URL"]):
        if processor.cache:
            processor.cache.call("FLUSHALL")
        done = processor.run("status", "--format", "json", REDIS_URL=url)
        assert json.loads(done.stdout)["cooldown_s"] == pytest.approx(7200, abs=60)
        assert ("a ban that only Redis knows is not seen" in done.stderr) == (":1/" in url)


def test_a_rate_limit_of_the_token_endpoint_is_kept_for_the_next_start(processor: Processor):
    processor.web.trick = lambda asked: (429, LIMITED, {"Retry-After": "3600"}) if asked.path == TOKEN else None
    done = processor.run("batch")
    assert done.returncode == 75
    assert "run the same command again after" in done.stderr
    assert processor.run("batch").returncode == 75
    assert processor.run("explain", "Nas", "Song 7").returncode == 75
    assert len(processor.web.log) == 1


def test_explain_keeps_a_rate_limit_of_the_token_endpoint(processor: Processor):
    processor.web.trick = lambda asked: (429, LIMITED, {"Retry-After": "3600"}) if asked.path == TOKEN else None
    for _ in range(2):
        assert processor.run("explain", "Nas", "Song 7").returncode == 75
    assert len(processor.web.log) == 1


def test_the_audit_finds_what_is_wrong_and_takes_it_out(processor: Processor):
    processor.batch("--tracks", "100")
    processor.database.run("UPDATE tracks SET artist = 'Somebody Else' WHERE id <= 3")
    before = len(processor.web.log)
    found = processor.run("audit", "--format", "json")
    assert found.returncode == 1
    answer = json.loads(found.stdout)
    assert [row["key"] for row in answer["wrong"] if row["reasons"] == ["artist_differs"]] == [1, 2, 3]
    assert "spotify audit --apply" in processor.run("audit").stdout
    applied = json.loads(processor.run("audit", "--apply", "--format", "json").stdout)
    assert applied["quarantined"] == sum(applied["reasons"].values())
    assert len(processor.web.log) == before
    (row,) = processor.database.run("SELECT spotify_data FROM tracks WHERE id = 1")
    assert row["spotify_data"] is None


def test_explain_searches_without_filters_too_as_a_batch_does(processor: Processor):
    nothing = {"tracks": {"items": [], "total": 0}}
    processor.web.trick = lambda asked: (200, nothing) if "track:" in asked.query.get("q", [""])[0] else None
    found = json.loads(processor.run("explain", "Nas", "Song 7", "--format", "json").stdout)
    assert [candidate["track"]["name"] for candidate in found["candidates"]] == ["Song 7"]
    assert processor.web.count("/v1/search") == 2


def test_explain_shows_the_candidates(processor: Processor):
    done = processor.run("explain", "Nas", "Song 7")
    assert done.returncode == 0, done.stderr
    assert "candidate 1: Nas – Song 7" in done.stdout
    found = json.loads(processor.run("explain", "Nas", "Song 7", "--format", "json").stdout)
    assert found["verdict"]["outcome"] == "matched"
    assert processor.run("explain", "Nas", "No \x1b[31mSuch").stdout.isascii() is False
