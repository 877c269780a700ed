"""The command against the emulator at its worst: every row gets a right verdict, or the run says what is missing."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from boombap.server.serve import running
from boombap.spotify.emulate.app import App, Settings
from boombap.spotify.emulate.catalogue import CatalogueRow, Shares, from_rows
from boombap.spotify.emulate.faults import parse
from boombap.spotify.emulate.quirk import Quirk
from boombap.spotify.emulate.random_faults import random_faults
from boombap.spotify.model import Mode
from databases import Database  # noqa: TC001 - a field of a NamedTuple

if TYPE_CHECKING:
    from caches import Cache

ARTISTS = ("K's Choice", "B.o.B", "Nas", "Pi’erre Bourne", "Curren$y", "8Ball & MJG", "André 3000", "M.O.P.")
FIRST = ("Don't Stop the", "N.Y.", "Midnight", "Paper", "St. Louis", "Ain't No", "Silver")
SECOND = ("River", "Thunder", "Ladder", "Mirror", "Winter")
TITLES = tuple([f"{first} {second}" for first, second in product(FIRST, SECOND)])
SONGS = tuple(product(ARTISTS, TITLES))
# The Web API has other songs of these artists, and these titles by others.
ABSENT = 40
IDS = {song: f"{number:022d}" for number, song in enumerate(SONGS, 1)}
EXIT_OK, EXIT_EXTERNAL, EXIT_RETRY_LATER = 0, 3, 75
LIMITED = 429
AFTER_1_S = {"status": LIMITED, "headers": {"Retry-After": "1"}}
UNSAID = {"match": "^/v1", "nth": 20, "then": {"status": LIMITED}}


class Verdict(NamedTuple):
    """What was stored about a row."""

    outcome: str
    spotify_id: str | None


class Run(NamedTuple):
    """How the command ended, and what it stored by song."""

    exit_code: int
    answer: dict[str, Any]
    verdicts: dict[tuple[str, str], Verdict]

    def missing(self) -> set[tuple[str, str]]:
        return set(SONGS) - self.verdicts.keys()


def is_absent(song: tuple[str, str]) -> bool:
    return int(IDS[song]) <= ABSENT * 7 and int(IDS[song]) % 7 == 0


def an_app(seed: int, mode: Mode, rate: float, *extra: dict[str, Any], limited: int = 1, **settings: Any) -> App:
    rows = [CatalogueRow(*song, "", 2000, IDS[song]) for song in SONGS if not is_absent(song)]
    rows += [CatalogueRow("The Tribute Band", title, "Covers") for title in TITLES]
    catalogue = from_rows(rows, shares=Shares(twins=0.0, versions=0.0))
    app = App(catalogue, Settings(mode, quirks=frozenset(Quirk), seed=seed, **settings))
    # Each refusal is waited out, for 5 s where it names no time: a few of them show what follows.
    faults = [fault for fault in random_faults(rate, seed) if fault.then.status != LIMITED]
    limits = parse([{"match": "^/v1", "nth": 9, "times": limited, "rate": rate, "seed": seed, "then": AFTER_1_S}])
    app.script.set([*parse(list(extra)), *limits, *faults])
    return app


def fill(database: Database) -> None:
    """Make a table whose rows are `SONGS`; every third one has its id."""
    database.run(f"SET session_replication_role = replica; DELETE FROM tracks WHERE id > {len(SONGS)}")
    rows = [
        {"id": number, "artist": artist, "title": title, "stored": None if number % 3 else {"id": IDS[artist, title]}}
        for number, (artist, title) in enumerate(SONGS, 1)
    ]
    database.run(
        "UPDATE tracks SET artist = song.artist, title = song.title, spotify_data = song.stored"
        " FROM jsonb_to_recordset(%s) AS song(id bigint, artist text, title text, stored jsonb)"
        " WHERE tracks.id = song.id",
        (json.dumps(rows),),
    )


def run_batch(app: App, database: Database, cache: Cache, boombap: Any) -> Run:
    with running(app) as server:  # type: ignore[arg-type]
        done = boombap(
            "spotify",
            "batch",
            "--format",
            "json",
            DATABASE_URL=database.url(),
            REDIS_URL=cache.url,
            SPOTIFY_CLIENT_ID="client",
            SPOTIFY_CLIENT_SECRET="Geheimnis-4711",
            BOOMBAP_SPOTIFY_BASE_URL=f"{server.url}/v1",
            BOOMBAP_SPOTIFY_ACCOUNTS_URL=server.url,
            BOOMBAP_SPOTIFY_BUDGET="100000",
        )
    assert "Traceback" not in done.stderr
    assert "Geheimnis" not in done.stdout + done.stderr
    rows = database.run(
        "SELECT tracks.artist, tracks.title, outcome, spotify_id FROM spotify_matches JOIN tracks ON id = track_id"
    )
    verdicts = {(row["artist"], row["title"]): Verdict(row["outcome"], row["spotify_id"]) for row in rows}
    return Run(done.returncode, json.loads(done.stdout or "{}"), verdicts)


def wrong(run: Run) -> dict[tuple[str, str], Verdict]:
    """Return the verdicts that are not true: another song's id, or a song that Spotify has called missing."""
    return {
        song: verdict
        for song, verdict in run.verdicts.items()
        if verdict != (Verdict("not_found", None) if is_absent(song) else Verdict("matched", IDS[song]))
    }


def check(run: Run) -> None:
    assert wrong(run) == {}
    named = run.answer["outcomes"].get("failed", 0)
    assert run.exit_code in {EXIT_OK, EXIT_EXTERNAL, EXIT_RETRY_LATER}
    if run.exit_code == EXIT_OK:
        assert run.missing() == set()
    elif not run.answer["ended_by"]:
        assert len(run.missing()) == named > 0
        assert run.answer["failures"]


def test_no_verdict_is_wrong(database: Database, cache: Cache, boombap: Any):
    fill(database)
    app = an_app(5, Mode.EXTENDED, 0.1)
    run = run_batch(app, database, cache, boombap)
    check(run)
    assert run.exit_code == EXIT_OK
    assert run.missing() == set()
    assert sum(fault["struck"] for fault in app.script.report()) > len(SONGS) * 0.05


def test_a_track_that_is_given_up_for_a_forbidden_request_has_a_reason(database: Database, cache: Cache, boombap: Any):
    fill(database)
    forbidden = {"match": "^/v1/search", "rate": 0.2, "then": {"status": 403, "message": "Forbidden"}}
    run = run_batch(an_app(31, Mode.EXTENDED, 0.0, forbidden, limited=1), database, cache, boombap)
    check(run)
    failed = len(run.missing())
    assert failed
    assert run.exit_code == EXIT_EXTERNAL
    assert run.answer["failures"] == {"/search?type=track: status 403 (Forbidden)": failed}


@pytest.mark.slow
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("seed", range(10))
def test_no_verdict_is_wrong_whatever_the_seed(seed: int, mode: Mode, database: Database, cache: Cache, boombap: Any):
    fill(database)
    check(run_batch(an_app(seed, mode, 0.25, UNSAID, limited=2), database, cache, boombap))


@pytest.mark.parametrize(
    ("trouble", "settings"),
    [([], {"quota": 60}), ([{"nth": 60, "match": "^/v1", "then": {"kind": "ban", "ban_s": 7200}}], {})],
    ids=["quota", "ban"],
)
def test_a_run_that_is_stopped_says_so_and_stays_away(
    trouble: list[dict[str, Any]], settings: dict[str, Any], database: Database, cache: Cache, boombap: Any
):
    fill(database)
    app = an_app(5, Mode.EXTENDED, 0.05, *trouble, limited=1, **settings)
    run = run_batch(app, database, cache, boombap)
    check(run)
    assert run.exit_code == EXIT_RETRY_LATER
    assert run.missing()
    seen = [fault["seen"] for fault in app.script.report()]
    again = run_batch(app, database, cache, boombap)
    assert again.exit_code == EXIT_RETRY_LATER
    assert again.verdicts == run.verdicts
    assert [fault["seen"] for fault in app.script.report()] == seen, "no request during a ban"
