"""`boombap doctor`: each thing with what to do about it, and no secret, whatever is wrong."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

import servers

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from databases import Database

    Run = Callable[..., subprocess.CompletedProcess[str]]

PASSWORD = "hunter2"


def answers(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    document = json.loads(done.stdout)
    assert document["schema"] == "boombap.doctor/1"
    return {answer["subject"]: (answer["state"], answer["finding"]) for answer in document["answers"]}


def test_nothing_configured_is_no_failure(boombap: Run) -> None:
    done = boombap("doctor", "--format", "json")
    given = answers(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert given["Python"][0] == "ok"
    assert given["PostgreSQL"][0] == "note"
    assert "Redis" not in given


def test_broken_configuration_is_an_answer(boombap: Run) -> None:
    done = boombap("doctor", BOOMBAP_NO_SUCH="1")
    assert done.returncode == 1
    assert "unknown key BOOMBAP_NO_SUCH in environment" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", f"postgresql://dj:{PASSWORD}@127.0.0.1:port/rap"),
        ("DATABASE_URL", f"postgresql://dj:%zz{PASSWORD}@127.0.0.1/rap"),
        ("DATABASE_URL", f"password='{PASSWORD}"),
        ("DATABASE_URL", f"http://dj:{PASSWORD}@db"),
        ("DATABASE_URL", PASSWORD),
        ("REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1:port/0"),
        ("REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1:99999/0"),
        ("REDIS_URL", f"redis://:{PASSWORD}@[::1/0"),
        ("REDIS_URL", f"http://:{PASSWORD}@db"),
        ("REDIS_URL", PASSWORD),
    ],
)
def test_malformed_address_is_named_and_not_shown(boombap: Run, name: str, address: str, style: str) -> None:
    done = boombap("doctor", "--format", style, **{name: address})
    assert (done.returncode, done.stderr) == (1, "")
    assert "malformed" in done.stdout
    assert PASSWORD not in done.stdout


def test_servers_that_do_not_answer(boombap: Run) -> None:
    port = servers.free_port()
    done = boombap(
        "doctor",
        "--format",
        "json",
        DATABASE_URL=f"postgresql://dj:{PASSWORD}@127.0.0.1:{port}/rap",
        REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:{port}/0",
    )
    given = answers(done)
    assert done.returncode == 1
    assert given["PostgreSQL"][0] == "bad"
    assert f"127.0.0.1:{port}/rap refused the connection" in given["PostgreSQL"][1]
    assert given["Redis"][0] == "bad"
    assert given["Redis"][1].startswith(f"Redis at 127.0.0.1:{port}/0 refused the connection; check host and port")
    assert PASSWORD not in done.stdout


def test_ready_database(boombap: Run, healthy: Database) -> None:
    done = boombap("doctor", "--format", "json", DATABASE_URL=healthy.url())
    given = answers(done)
    assert done.returncode == 0
    assert [given[name][0] for name in ("PostgreSQL", "rights", "tracks", "analysis_results")] == ["ok"] * 4
    assert given["PostgreSQL"][1].startswith("18")


@pytest.mark.parametrize("query", ["?ssl_cert_reqs=none", "/nonsense"])
def test_an_address_of_redis_that_no_tool_takes_is_bad(boombap: Run, query: str) -> None:
    done = boombap("doctor", "--format", "json", REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:6379{query}")
    assert answers(done)["Redis"][0] == "bad"
    assert PASSWORD not in done.stdout


def test_what_listens_is_not_a_redis(boombap: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        done = boombap("doctor", "--format", "json", REDIS_URL=f"redis://127.0.0.1:{port}/0")
    assert answers(done)["Redis"][0] == "bad"


def test_flags_are_named_where_some_are_set(boombap: Run) -> None:
    assert "flags" not in answers(boombap("doctor", "--format", "json"))
    boombap("flags", "set", "db-engine", "--percent", "5")
    assert answers(boombap("doctor", "--format", "json"))["flags"][0] == "ok"
    missing = boombap("doctor", "--format", "json", BOOMBAP_FLAGS_FILE="gone.json")
    assert answers(missing)["flags"] == (
        "note", "flags in gone.json cannot be used: it is not there; the classic engines are used",
    )  # fmt: skip


def test_a_malformed_address_of_flags_is_bad(boombap: Run) -> None:
    done = boombap("doctor", "--format", "json", BOOMBAP_FLAGS_REDIS=PASSWORD)
    assert (done.returncode, answers(done)["flags"][0], PASSWORD in done.stdout + done.stderr) == (1, "bad", False)
