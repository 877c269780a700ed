"""The installed command as a process: what it prints where, which code it exits with, and that no secret gets out."""

from __future__ import annotations

import csv
import json
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

import servers
from databases import PASSWORD, until
from fakes import not_postgres

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from databases import Cluster, Database

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Start = Callable[..., subprocess.Popen[str]]

SECRET = "Tr0mpete-im-Keller"


def ask(run: Run, database: Database, *words: str, code: int = 0, **environment: str) -> Any:
    """Run `db … --format json` and give the object."""
    done = run("db", *words, "--format", "json", DATABASE_URL=database.url(), **environment)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def one_line(done: subprocess.CompletedProcess[str], *, code: int, secret: str = SECRET) -> str:
    """Check what every failure has in common: its code, one line on stderr, nothing on stdout, no secret."""
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("boombap db: ")
    assert secret not in done.stderr
    assert "; " in done.stderr, "a failure says what to do"
    return done.stderr


# The whole answer.


def test_everything_about_a_healthy_database(boombap: Run, healthy: Database):
    done = boombap("db", DATABASE_URL=healthy.url())
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("no findings", "tracks      1,000", "qwen-3-4b-fp8", "every track was seen", "4 of 4", "answered in"):
        assert text in done.stdout


def test_a_finding_at_the_limit_gives_exit_1(boombap: Run, faulty: Database):
    codes = {
        limit: boombap("db", "health", "--fail-on", limit, DATABASE_URL=faulty.url()).returncode
        for limit in ("info", "warning", "critical", "never")
    }
    assert codes == {"info": 1, "warning": 1, "critical": 0, "never": 0}


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ((), {"tracks", "analyzers", "connections", "tables", "unanalyzed", "health"}),
        (("--quick",), {"tracks", "analyzers", "connections"}),
        (("--schema",), {"tables"}),
        (("--analysis",), {"tracks", "analyzers"}),
        (("--connections",), {"connections"}),
        (("--unanalyzed",), {"unanalyzed"}),
        (("health",), {"health"}),
    ],
)
def test_options_choose_the_parts(boombap: Run, healthy: Database, words: tuple[str, ...], parts: set[str]):
    found = ask(boombap, healthy, *words)
    frame = {"schema", "target", "name", "taken_at", "elapsed_ms", "server", "is_pooled", "engine"}
    assert found["schema"] == "boombap.db/1"
    assert set(found) - frame == parts


def test_fast_marks_its_numbers_as_estimates(boombap: Run, healthy: Database):
    assert ask(boombap, healthy, "--fast", "--quick")["tracks"]["is_estimate"] is True
    assert "planner estimates" in boombap("db", "--fast", DATABASE_URL=healthy.url()).stdout


def test_unanalyzed_tracks_of_one_analyzer(boombap: Run, faulty: Database):
    found = ask(boombap, faulty, "--unanalyzed", "--analyzer", "ollama", "-n", "5")["unanalyzed"]
    assert (found["analyzer"], found["total"], len(found["tracks"])) == ("ollama", 999, 5)


def test_csv_has_a_number_a_line(boombap: Run, healthy: Database):
    done = boombap("db", "--format", "csv", DATABASE_URL=healthy.url())
    rows = list(csv.DictReader(done.stdout.splitlines()))
    values = {(row["part"], row["subject"], row["measure"]): row["value"] for row in rows}
    assert done.returncode == 0
    assert values["tracks", "", "total"] == "1000"
    assert values["health", "critical", "findings"] == "0"


def test_schema_lists_the_columns(boombap: Run, healthy: Database):
    assert "lyrics_embedding" in boombap("db", "--schema", DATABASE_URL=healthy.url()).stdout


def test_configuration_reaches_the_checks(boombap: Run, faulty: Database, isolated: Path):
    (isolated / "boombap.toml").write_text(
        "[db]\nembedding_dimension = 384\ncoverage_analyzers = ['never run']\n", encoding="utf-8"
    )
    found = ask(boombap, faulty, "health", "--fail-on", "never")["health"]["findings"]
    assert {"vector_dimension_drift", "analyzer_coverage"} <= {one["id"] for one in found}


def test_a_waiver_takes_a_finding_out_of_the_count(boombap: Run, faulty: Database, isolated: Path):
    (isolated / "waivers.toml").write_text(
        '[[waiver]]\nid = "duplicate_index"\nsubject = "*"\nreason = "r"\nowner = "o"\nexpires = 2099-01-01\n',
        encoding="utf-8",
    )
    health = ask(boombap, faulty, "health", BOOMBAP_DB_WAIVERS="waivers.toml")["health"]
    assert "duplicate_index" not in {one["id"] for one in health["findings"]}
    assert {one["id"] for one in health["waived"]} == {"duplicate_index"}


def test_an_expired_waiver_is_named_and_its_finding_stands(boombap: Run, faulty: Database, isolated: Path):
    (isolated / "waivers.toml").write_text(
        '[[waiver]]\nid = "duplicate_index"\nsubject = "*"\nreason = "r"\nowner = "dj"\nexpires = 2020-01-01\n',
        encoding="utf-8",
    )
    health = ask(boombap, faulty, "health", BOOMBAP_DB_WAIVERS="waivers.toml")["health"]
    assert "duplicate_index" in {one["id"] for one in health["findings"]}
    assert health["expired"] == ["duplicate_index *: dj, until 2020-01-01"]


def test_a_database_without_the_tables_does_not_spoil_the_others(
    boombap: Run, healthy: Database, empty: Database, isolated: Path
):
    file = isolated / "targets.txt"
    file.write_text(f"{healthy.url()}\n{empty.url()}\n", encoding="utf-8")
    assert boombap("db", "--quick", "--targets", str(file)).returncode == 0
    file.write_text(f"{empty.url()}\n", encoding="utf-8")
    assert boombap("db", "--analysis", "--targets", str(file)).returncode == 4
    assert boombap("db", "--quick", "--targets", str(file)).returncode == 0


# Ways to reach the server.


def test_over_tcp_with_a_password(boombap: Run, healthy: Database):
    assert ask(boombap, healthy, "--quick", "--dsn", healthy.tcp_url("owner", PASSWORD))["server"]["user"] == "owner"


def test_over_ipv6(boombap: Run, healthy: Database):
    if not servers.has_ipv6():
        pytest.skip("no IPv6 here")
    found = ask(boombap, healthy, "--quick", "--dsn", healthy.tcp_url("owner", PASSWORD, host="[::1]"))
    assert found["target"].startswith("[::1]:")


def test_parts_of_the_address_from_the_environment(boombap: Run, healthy: Database):
    running = healthy.cluster.running
    done = boombap(
        "db",
        "--quick",
        POSTGRES_HOST="127.0.0.1",
        POSTGRES_PORT=str(running.port),
        POSTGRES_DATABASE=healthy.name,
        POSTGRES_USERNAME="owner",
        POSTGRES_PASSWORD=PASSWORD,
    )
    assert done.returncode == 0
    assert PASSWORD not in done.stdout + done.stderr


def test_with_the_scheme_of_sqlalchemy(boombap: Run, healthy: Database):
    url = healthy.tcp_url("owner", PASSWORD).replace("postgresql://", "postgresql+asyncpg://")
    assert boombap("db", "--quick", DATABASE_URL=url).returncode == 0


# What fails, and how it is said.


def test_a_wrong_password(boombap: Run, healthy: Database):
    line = one_line(boombap("db", DATABASE_URL=healthy.tcp_url("owner", SECRET)), code=3)
    assert "refused the password of owner" in line
    assert "DATABASE_URL" in line


def test_no_password_where_one_is_asked_for(boombap: Run, healthy: Database):
    url = healthy.tcp_url("owner", "").replace(":@", "@")
    assert "password" in one_line(boombap("db", DATABASE_URL=url), code=3)


def test_a_missing_database(boombap: Run, healthy: Database):
    url = healthy.tcp_url("owner", PASSWORD).replace(healthy.name, "nowhere")
    assert "database nowhere does not exist" in one_line(boombap("db", DATABASE_URL=url), code=3, secret=PASSWORD)


def test_a_missing_role(boombap: Run, healthy: Database):
    assert "the role nobody cannot log in" in one_line(boombap("db", DATABASE_URL=healthy.url("nobody")), code=3)


def test_an_unknown_host(boombap: Run):
    url = f"postgresql://u:{SECRET}@no-such-host.invalid/db"
    assert "the host no-such-host.invalid is not known" in one_line(boombap("db", DATABASE_URL=url), code=3)


def test_a_refused_connection(boombap: Run):
    url = f"postgresql://u:{SECRET}@127.0.0.1:{servers.free_port()}/db"
    assert "refused the connection" in one_line(boombap("db", DATABASE_URL=url), code=3)


def test_a_missing_socket(boombap: Run, tmp_path: Path):
    url = f"postgresql:///db?host={tmp_path}&user=u&password={SECRET}"
    assert "no PostgreSQL socket" in one_line(boombap("db", DATABASE_URL=url), code=3)


def test_no_server_at_all(boombap: Run):
    assert "boombap local start" in one_line(boombap("db"), code=2)


@pytest.mark.parametrize("answer", [not_postgres.http, not_postgres.hangs_up], ids=["HTTP", "hangs up"])
def test_what_answers_is_not_postgresql(boombap: Run, answer: not_postgres.Answer):
    with not_postgres.listening(answer) as listener:
        done = boombap("db", DATABASE_URL=f"postgresql://u:{SECRET}@127.0.0.1:{listener.port}/db")
    assert "is not a PostgreSQL server" in one_line(done, code=3)


def test_what_answers_says_nothing(boombap: Run):
    with not_postgres.listening(not_postgres.silent) as listener:
        url = f"postgresql://u:{SECRET}@127.0.0.1:{listener.port}/db"
        done = boombap("db", DATABASE_URL=url, BOOMBAP_POSTGRES_CONNECT_TIMEOUT="2s")
    assert "did not answer within the connect time-out" in one_line(done, code=3)


def test_a_server_too_old(boombap: Run):
    with not_postgres.listening(not_postgres.too_old) as listener:
        done = boombap("db", DATABASE_URL=f"postgresql://u:{SECRET}@127.0.0.1:{listener.port}/db")
    assert "PostgreSQL 9 at" in one_line(done, code=3)
    assert "is too old" in done.stderr


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://u:{SECRET}@host:not-a-port/db",
        f"postgresql://u:{SECRET}@host:99999999/db",
        f"postgresql://u:x%zz{SECRET}@host/db",
        f"postgresql://u:{SECRET}#{SECRET}@[::1/db",
        f"postgresql://u:a b{SECRET}@host/db?no_such_option={SECRET}",
        f"host=h password='{SECRET} user=u",
        f"host=h password={SECRET} {SECRET}",
        f"mysql://u:{SECRET}@host/db",
        f"{SECRET}",
        f"postgresql://u:{SECRET}@host/db?sslmode={SECRET}",
        f"postgresql://u:pa/ss{SECRET}@127.0.0.1:1/db",
        f"postgresql://u:pa@ss{SECRET}@127.0.0.1:1/db",
        f"postgresql://u:12/{SECRET}@127.0.0.1:1/db",
        f"postgresql://u:12?{SECRET}@ss@127.0.0.1:1/db",
    ],
)
def test_a_malformed_address_shows_nothing_of_itself(boombap: Run, address: str):
    done = boombap("db", DATABASE_URL=address, BOOMBAP_LOG_LEVEL="debug", BOOMBAP_LOG_FORMAT="json")
    assert SECRET not in one_line(done, code=2)
    assert "DATABASE_URL is malformed" in done.stderr
    given = boombap("db", "--dsn", address)
    assert SECRET not in one_line(given, code=2)


def test_json_holds_no_secret(boombap: Run, healthy: Database):
    done = boombap("db", "--format", "json", "--dsn", healthy.tcp_url("owner", PASSWORD), BOOMBAP_LOG_LEVEL="debug")
    assert done.returncode == 0
    assert PASSWORD not in done.stdout + done.stderr


def test_other_sections_answer_when_a_table_is_locked(boombap: Run, database: Database):
    with database.holding("LOCK TABLE tracks IN ACCESS EXCLUSIVE MODE"):
        found = ask(boombap, database, code=3)
    assert "lock" in found["tracks"]["reason"]
    assert "db.lock_timeout" in found["tracks"]["reason"]
    assert found["tracks"]["is_failure"] is True
    assert len(found["analyzers"]) == 7
    assert found["connections"]["total"] >= 1
    assert found["health"]["checks"] > 10


def test_other_sections_answer_when_a_statement_takes_too_long(boombap: Run, database: Database):
    limits = {"BOOMBAP_DB_LOCK_TIMEOUT": "60s", "BOOMBAP_DB_STATEMENT_TIMEOUT": "300ms"}
    with database.holding("LOCK TABLE tracks IN ACCESS EXCLUSIVE MODE"):
        found = ask(boombap, database, "--quick", code=3, **limits)
    assert "db.statement_timeout" in found["tracks"]["reason"]
    assert len(found["analyzers"]) == 7


@pytest.mark.parametrize("words", [("--analysis",), ("--unanalyzed",), ("--analysis", "--fast")])
def test_another_database_gives_no_verdict_on_the_platform_alone(boombap: Run, empty: Database, words: tuple[str, ...]):
    ask(boombap, empty, *words, code=4)


def test_another_database_is_told_by_its_findings(boombap: Run, empty: Database):
    done = boombap("db", DATABASE_URL=empty.url())
    assert done.returncode == 0
    line = "platform    – none of its tables is in the search path of boombap"
    assert f"{line}; left out: tracks, analyzers, unanalyzed, tables\n" in done.stdout
    assert "no table tracks\n" not in done.stdout
    assert "connections " in done.stdout
    empty.run("CREATE TABLE shop (id int PRIMARY KEY, name text)")
    empty.run("CREATE INDEX shop_1 ON shop (name); CREATE INDEX shop_2 ON shop (name)")
    assert boombap("db", "--fail-on", "warning", DATABASE_URL=empty.url()).returncode == 1
    quick = boombap("db", "--quick", DATABASE_URL=empty.url())
    assert (quick.returncode, f"{line}; left out: tracks, analyzers\n" in quick.stdout) == (0, True)


def test_estimates_of_tables_that_were_never_analyzed_are_not_zero(boombap: Run, each_cluster: Cluster):
    database = each_cluster.create()
    never = "WITH (autovacuum_enabled = off)"
    database.run(f"CREATE TABLE tracks (id int PRIMARY KEY, artist text, lyrics text, spotify_data text) {never}")
    columns = "id int PRIMARY KEY, track_id int, analyzer_type text, created_at timestamp"
    database.run(f"CREATE TABLE analysis_results ({columns}) {never}")
    database.run("INSERT INTO analysis_results SELECT n, n, 'x', now() FROM generate_series(1, 500) AS n")
    found = ask(boombap, database, "--fast", "--quick")
    assert found["analyzers"]["reason"] == "never analyzed: no estimate"
    assert found["tracks"]["total"] is None
    text = boombap("db", "--fast", "--quick", DATABASE_URL=database.url()).stdout
    assert "analyzers   – never analyzed: no estimate" in text
    database.run("INSERT INTO tracks SELECT n FROM generate_series(1, 500) AS n")
    database.run("ANALYZE")
    assert ask(boombap, database, "--fast", "--quick")["analyzers"][0]["rows"] == 500
    database.run("GRANT pg_monitor TO plain; REVOKE pg_monitor FROM plain")
    hidden = ask(boombap, database, "--fast", "--quick", "--dsn", database.url("plain"))
    assert "no statistics of analyzer_type that this role may see" in hidden["analyzers"]["reason"]
    shown = boombap("db", "--fast", "--quick", "--dsn", database.url("plain")).stdout
    assert "no such column" not in shown
    each_cluster.drop(database)


def test_an_empty_database_says_what_is_missing(boombap: Run, empty: Database):
    found = ask(boombap, empty)
    assert "tracks" in found["tracks"]["reason"]
    assert found["tracks"]["is_failure"] is False
    assert "analysis_results" in found["analyzers"]["reason"]
    assert [table["exists"] for table in found["tables"]] == [False] * 4
    assert ask(boombap, empty, "--connections")["connections"]


def test_an_empty_database_gives_no_verdict_in_estimates(boombap: Run, empty: Database):
    found = ask(boombap, empty, "--fast", "--analysis", code=4)
    assert "tracks" in found["tracks"]["reason"]
    assert "analysis_results" in found["analyzers"]["reason"]


def test_a_missing_table_costs_only_its_own_sections(boombap: Run, database: Database):
    database.run("DROP TABLE analysis_results")
    found = ask(boombap, database)
    assert found["tracks"]["total"] == 1000
    assert found["analyzers"]["reason"] == "no table analysis_results"


def test_without_the_right_to_read_there_is_no_verdict(boombap: Run, healthy: Database):
    done = boombap("db", DATABASE_URL=healthy.url("plain"))
    assert done.returncode == 4
    assert "no permission: plain needs SELECT" in done.stdout
    assert "no permission: needs pg_monitor" in done.stdout
    assert "plain is not in pg_monitor" in done.stdout


# Ctrl-C.


def interrupt(child: subprocess.Popen[str], signum: int = signal.SIGINT) -> tuple[int, float, str]:
    begun = time.monotonic()
    child.send_signal(signum)
    out, err = child.communicate(timeout=20)
    assert out == ""
    return child.returncode, time.monotonic() - begun, err


PATIENT = {"BOOMBAP_DB_LOCK_TIMEOUT": "60s", "BOOMBAP_DB_STATEMENT_TIMEOUT": "60s"}


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_ends_a_long_query_on_the_server_too(start_boombap: Start, database: Database, signum: int, code: int):
    with database.holding("LOCK TABLE tracks, analysis_results IN ACCESS EXCLUSIVE MODE"):
        child = start_boombap("db", DATABASE_URL=database.url(), **PATIENT)
        until(lambda: [one for one in database.sessions() if one["wait_event_type"] == "Lock"])
        exit_code, seconds, err = interrupt(child, signum)
        assert (exit_code, err) == (code, "interrupted\n")
        assert seconds < 1.0
        # A backend needs a moment to notice that its client has gone, but not a statement's time-out.
        until(lambda: not database.sessions(), limit_s=1.0)


def test_ctrl_c_ends_a_survey(start_boombap: Start, database: Database, isolated: Path):
    (isolated / "targets").write_text(f"one {database.url()}\ntwo {database.url()}\n", encoding="utf-8")
    with database.holding("LOCK TABLE tracks, analysis_results IN ACCESS EXCLUSIVE MODE"):
        child = start_boombap("db", "--targets", "targets", **PATIENT)
        until(lambda: len([one for one in database.sessions() if one["wait_event_type"] == "Lock"]) == 2)
        exit_code, seconds, _ = interrupt(child)
        assert exit_code == 130
        assert seconds < 1.0
        until(lambda: not database.sessions(), limit_s=1.0)


def test_ctrl_c_ends_a_connection_attempt(start_boombap: Start):
    with not_postgres.listening(not_postgres.silent) as listener:
        child = start_boombap("db", DATABASE_URL=f"postgresql://u:{SECRET}@127.0.0.1:{listener.port}/db")
        assert listener.accepted.wait(10)
        exit_code, seconds, err = interrupt(child)
    assert (exit_code, err) == (130, "interrupted\n")
    assert seconds < 1.0


def test_a_reader_that_goes_away_is_no_error(start_boombap: Start, healthy: Database):
    child = start_boombap("db", DATABASE_URL=healthy.url())
    assert child.stdout
    child.stdout.close()
    child.stdout = None
    _, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (0, "")


# locks, slow, snapshot.


def test_locks_show_the_tree_and_what_ends_it(boombap: Run, database: Database):
    with (
        database.holding("UPDATE tracks SET title = title WHERE id = 1") as root,
        database.waiting(
            "UPDATE tracks SET title = '' WHERE id = 1", "UPDATE tracks SET title = '' WHERE id = 2"
        ) as two,
        database.waiting("UPDATE tracks SET title = '' WHERE id = 2") as three,
    ):
        found = ask(boombap, database, "locks", code=1)
        text = boombap("db", "locks", DATABASE_URL=database.url()).stdout
        pid = root.info.backend_pid
    assert found["schema"] == "boombap.db.locks/1"
    assert [(one["pid"], one["depth"], one["waits_on"]) for one in found["sessions"]] == [
        (pid, 0, []),
        (two, 1, [pid]),
        (three, 2, [two]),
    ]
    assert f"ends it: SELECT pg_terminate_backend({pid});" in text
    assert "waits for ShareLock on transactionid" in text


def test_locks_of_a_prepared_transaction_name_it(boombap: Run, database: Database):
    with database.holding("UPDATE tracks SET title = title WHERE id = 1", "PREPARE TRANSACTION 'half done'"):
        with database.waiting("UPDATE tracks SET title = '' WHERE id = 1"):
            sessions = ask(boombap, database, "locks", code=1)["sessions"]
        database.run("ROLLBACK PREPARED 'half done'")
    assert sessions[0]["remedy"] == "ROLLBACK PREPARED 'half done';"


def test_no_locks_is_a_good_answer(boombap: Run, database: Database):
    done = boombap("db", "locks", DATABASE_URL=database.url())
    assert (done.returncode, done.stdout) == (0, "nobody waits for a lock\n")


def test_locks_without_pg_monitor_say_what_is_hidden(boombap: Run, healthy: Database):
    done = boombap("db", "locks", DATABASE_URL=healthy.url("plain"))
    assert "no permission: plain needs pg_monitor" in done.stderr


def test_slow_shows_the_statements(boombap: Run, database: Database):
    database.run("SELECT count(*) AS very_own_name FROM tracks")
    found = ask(boombap, database, "slow", "-n", "100")
    assert found["schema"] == "boombap.db.slow/1"
    assert any("very_own_name" in one["text"] for one in found["statements"])
    assert "mean ms" in boombap("db", "slow", DATABASE_URL=database.url()).stdout


def test_slow_hides_passwords(boombap: Run, database: Database):
    database.run("CREATE ROLE short_lived PASSWORD %s", (SECRET,))
    database.run("DROP ROLE short_lived")
    done = boombap("db", "slow", "-n", "500", DATABASE_URL=database.url())
    assert done.returncode == 0
    assert SECRET not in done.stdout


def test_slow_since_a_snapshot_shows_only_what_ran_since(boombap: Run, database: Database):
    database.run("SELECT max(id) AS ran_before FROM tracks")
    assert boombap("db", "snapshot", "save", DATABASE_URL=database.url()).returncode == 0
    database.run("SELECT min(title) AS ran_after FROM tracks")
    texts = [one["text"] for one in ask(boombap, database, "slow", "-n", "500")["statements"]]
    assert any("ran_after" in text for text in texts)
    assert not any("ran_before" in text for text in texts)


def test_slow_without_the_extension_says_how_to_get_it(boombap: Run, empty: Database):
    empty.run("DROP EXTENSION IF EXISTS pg_stat_statements")
    line = one_line(boombap("db", "slow", DATABASE_URL=empty.url()), code=3)
    assert "CREATE EXTENSION pg_stat_statements" in line


def test_a_snapshot_and_what_changed_since(boombap: Run, database: Database):
    assert boombap("db", "snapshot", "save", "monday", DATABASE_URL=database.url()).returncode == 0
    database.run("INSERT INTO tracks (title, artist) VALUES ('New', 'New One')")
    database.run("CREATE INDEX tracks_artist_again ON tracks (artist)")
    found = ask(boombap, database, "snapshot", "diff", "monday")
    assert found["schema"] == "boombap.db.diff/1"
    changes = {one["name"]: (one["before"], one["now"]) for one in found["changes"]}
    assert changes["tracks.total"] == (1000, 1001)
    assert changes["tracks.artists"][1] - changes["tracks.artists"][0] == 1
    assert changes["finding duplicate_index public.tracks_artist_again"] == (None, 1)
    text = boombap("db", "snapshot", "diff", "monday", DATABASE_URL=database.url()).stdout
    assert "new: duplicate_index public.tracks_artist_again" in text


def test_a_diff_without_its_snapshot_names_it(boombap: Run, healthy: Database):
    line = one_line(boombap("db", "snapshot", "diff", "tuesday", DATABASE_URL=healthy.url()), code=3)
    assert "no snapshot 'tuesday'" in line


def test_new_results_are_counted_from_the_last_snapshot(boombap: Run, database: Database):
    assert boombap("db", "snapshot", "save", DATABASE_URL=database.url()).returncode == 0
    database.run("INSERT INTO analysis_results (track_id, analyzer_type) VALUES (1, 'ollama'), (2, 'ollama')")
    new = {one["name"]: one["new_rows"] for one in ask(boombap, database, "--analysis")["analyzers"]}
    assert (new["ollama"], new["qwen-3-4b-fp8"]) == (2, 0)


# Many databases.


def test_a_target_that_fails_costs_only_itself(boombap: Run, healthy: Database, isolated: Path):
    refused = f"postgresql://u:{SECRET}@127.0.0.1:{servers.free_port()}/db"
    unknown = f"postgresql://u:{SECRET}@127.0.0.1/db?channel_binding={SECRET}"
    lines = ["# ours", f"good {healthy.url()}", f"bad {refused}", "", f"odd {unknown}"]
    (isolated / "targets").write_text("\n".join(lines), encoding="utf-8")
    done = boombap("db", "--targets", "targets", "--format", "json")
    found = json.loads(done.stdout)
    by_name = {one["name"]: one for one in found["targets"]}
    assert done.returncode == 3
    assert found["schema"] == "boombap.db.fleet/1"
    assert by_name["good"]["tracks"]["total"] == 1000
    assert "refused the connection" in by_name["bad"]["error"]
    assert "malformed" in by_name["odd"]["error"]
    assert SECRET not in done.stdout + done.stderr
    text = boombap("db", "--targets", "targets").stdout
    assert "1 of 3 databases answered" in text
    assert "failed  bad: " in text


def test_targets_name_the_line_that_is_malformed(boombap: Run, isolated: Path):
    (isolated / "targets").write_text(f"postgresql://h/db\nhost={SECRET} {SECRET}\n", encoding="utf-8")
    assert "targets:2" in one_line(boombap("db", "--targets", "targets"), code=2)


def test_all_databases_of_a_server(boombap: Run, healthy: Database, faulty: Database):
    done = boombap("db", "--all-dbs", "--format", "json", "--fail-on", "never", DATABASE_URL=healthy.url())
    found = {one["name"]: one for one in json.loads(done.stdout)["targets"]}
    assert {healthy.name, faulty.name, "boombap"} <= set(found)
    assert found[healthy.name]["tracks"]["total"] == 1000


def test_databases_that_cannot_be_entered_are_passed_over(boombap: Run, healthy: Database):
    run = healthy.cluster.main.run
    run('CREATE DATABASE "No ""Entry"')
    run('ALTER DATABASE "No ""Entry" ALLOW_CONNECTIONS false')
    run("CREATE DATABASE secret")
    run("REVOKE CONNECT ON DATABASE secret FROM PUBLIC")
    run("CREATE DATABASE broken_off")
    run("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken_off'")
    try:
        done = boombap("db", "--all-dbs", "--quick", "--format", "json", DATABASE_URL=healthy.url("watcher"))
        found = json.loads(done.stdout)
        passed = {one["name"]: one["reason"] for one in found["passed_over"]}
        assert not {one["name"] for one in found["targets"]} & set(passed)
        assert passed == {
            'No "Entry': 'accepts no connections: ALTER DATABASE "No ""Entry" ALLOW_CONNECTIONS true;',
            "secret": "no permission: GRANT CONNECT ON DATABASE secret TO watcher;",
            "broken_off": "invalid, its removal was broken off: DROP DATABASE broken_off;",
            "template0": "a template",
            "template1": "a template",
        }
        text = boombap("db", "--all-dbs", "--connections", DATABASE_URL=healthy.url("watcher"))
        assert text.returncode == 0
        assert "skipped      broken_off: invalid" in text.stdout
        assert ", 5 skipped" in text.stdout
        rows = boombap(
            "db", "--all-dbs", "--connections", "--format", "csv", DATABASE_URL=healthy.url("watcher")
        ).stdout
        assert "template0,passed_over,,reason,a template" in rows
        one = boombap("db", DATABASE_URL=healthy.url().replace(healthy.name, "broken_off"))
        assert "is invalid" in one_line(one, code=3)
    finally:
        for name in ('"No ""Entry"', "secret", "broken_off"):
            run(f"DROP DATABASE {name}")


@pytest.mark.parametrize(
    "words",
    [
        ("slow", "--all-dbs"),
        ("--analyzer", "x"),
        ("slow", "--format", "csv"),
        ("snapshot",),
        ("snapshot", "drop"),
        ("health", "now"),
        ("--targets", "f", "--all-dbs"),
        ("-n", "0"),
        ("--no-such-option",),
    ],
)
def test_words_that_do_not_go_together_are_refused(boombap: Run, words: tuple[str, ...]):
    done = boombap("db", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


# PgBouncer, full servers, other versions.


def test_through_pgbouncer_in_transaction_mode(boombap: Run, database: Database, tmp_path: Path):
    with servers.running_pgbouncer(database.cluster.running, tmp_path / "bouncer") as bouncer:
        url = bouncer.url.replace("/boombap?", f"/{database.name}?")
        done = boombap("db", "--format", "json", DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["is_pooled"] is True
        assert found["tracks"]["total"] == 1000
        assert "through a pooler" in boombap("db", "--quick", DATABASE_URL=url).stdout
        with database.holding("LOCK TABLE tracks IN ACCESS EXCLUSIVE MODE"):
            begun = time.monotonic()
            locked = boombap("db", "--quick", DATABASE_URL=url)
        assert locked.returncode == 3
        assert "db.lock_timeout" in locked.stdout
        assert time.monotonic() - begun < 5


def test_a_direct_connection_is_not_pooled(boombap: Run, healthy: Database):
    assert ask(boombap, healthy, "--connections")["is_pooled"] is False


def test_a_role_with_one_connection_gets_its_answer(boombap: Run, database: Database):
    database.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO single")
    done = boombap("db", "--format", "json", DATABASE_URL=database.url("single"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tracks"]["total"] == 1000


def test_a_server_without_a_free_connection(boombap: Run, database: Database):
    with closing(database.connect("single")):
        line = one_line(boombap("db", DATABASE_URL=database.url("single")), code=3)
    assert "no free connection" in line


def test_every_version_answers(boombap: Run, each_cluster: Cluster):
    sample = each_cluster.sample()
    found = ask(boombap, sample)
    assert found["server"]["version_num"] // 10000 == each_cluster.major
    assert found["analyzers"][0]["name"] == "simplified_features"
    assert ask(boombap, sample, "slow")["statements"]
    assert ask(boombap, sample, "--fast")["tracks"]["is_estimate"]
