"""What `plan` says before a run, beside what the run then costs."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from boombap.server.serve import running
from boombap.spotify.emulate.app import App, Settings
from boombap.spotify.emulate.catalogue import from_rows
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from databases import Database

_CREDENTIALS = {"SPOTIFY_CLIENT_ID": "any", "SPOTIFY_CLIENT_SECRET": "any", "BOOMBAP_SPOTIFY_BUDGET": "100000"}


@pytest.fixture
def rows(database: Database) -> list[dict[str, Any]]:
    """The sample, of which only the names are known."""
    database.run("UPDATE tracks SET spotify_data = NULL")
    return database.run("SELECT artist, title, album FROM tracks ORDER BY id")


@pytest.fixture
def environment(rows: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """An app in development mode whose catalogue is the sample."""
    catalogue = from_rows([(row["artist"], row["title"], row["album"] or "", None) for row in rows])
    with running(App(catalogue, Settings(mode=Mode.DEVELOPMENT))) as server:
        yield {
            **_CREDENTIALS,
            "BOOMBAP_SPOTIFY_BASE_URL": f"{server.url}/v1",
            "BOOMBAP_SPOTIFY_ACCOUNTS_URL": server.url,
        }


def test_a_run_costs_what_the_plan_says(database: Database, environment: dict[str, str], boombap: Any):
    environment |= {"DATABASE_URL": database.url()}
    told = json.loads(boombap("spotify", "plan", "--format", "json", **environment).stdout)
    done = json.loads(boombap("spotify", "batch", "--format", "json", **environment).stdout)
    assert done["mode"] == Mode.DEVELOPMENT
    assert done["tracks"] == told["tracks"] == 1_000
    assert told["modes"]["development"]["requests"] == pytest.approx(done["requests"], rel=0.1)


def test_a_file_costs_no_more_than_the_table(
    environment: dict[str, str], rows: list[dict[str, Any]], tmp_path: Path, boombap: Any
):
    wanted = tmp_path / "wanted.csv"
    with wanted.open("w", newline="") as file:
        csv.writer(file).writerows([("artist", "title"), *((row["artist"], row["title"]) for row in rows)])
    done = boombap("spotify", "batch", "--from", str(wanted), "--dry-run", "--format", "json", **environment)
    assert json.loads(done.stdout)["requests"] < 0.95 * len(rows)
