"""What the tables know comes most popular first."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from boombap.clients.postgres.session import Limits, Session
from boombap.interrupt import Interrupt
from boombap.spotify.catalogue import schema
from boombap.spotify.catalogue.known_tracks import read_known
from boombap.spotify.catalogue.writer import CatalogueWriter
from boombap.spotify.settings import FIELDS
from spotify.answers import a_match, a_track, an_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boombap.spotify.catalogue.known_tracks import KnownTrack
    from databases import Database

TTL_S = 7 * 86_400.0


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    limits = Limits(lock_ms=5_000)
    with closing(Session(database.target(), limits, Interrupt())) as session:
        schema.prepare(session)
        with database.pool(limits=limits) as pool:
            matches = [a_match(number) for number in range(1, 41)]
            CatalogueWriter(pool, fields=FIELDS).write([*matches, a_match(41, popularity=None, album=None)])
        yield session


def read(session: Session, **options: object) -> list[KnownTrack]:
    return [known for chunk in read_known(session, ttl_s=TTL_S, chunk=7, **options) for known in chunk]  # type: ignore[arg-type]


def test_every_track_comes_once_and_as_it_was(session: Session):
    kept = read(session)
    expected = [a_track(number) for number in range(40, 0, -1)]
    assert [known.track for known in kept] == [*expected, a_track(41, popularity=None, album=None)]
    assert all(0 <= known.age_s < 2 * 86_400 for known in kept)


@pytest.mark.parametrize("max_tracks", [0, 1, 7, 10, 99])
def test_no_more_than_asked_for(session: Session, max_tracks: int):
    found = [known.track.popularity for known in read(session, max_tracks=max_tracks)]
    assert found[:10] == [*range(40, 0, -1)][: min(max_tracks, 10)]


def test_an_artist_list(session: Session):
    assert {known.track.id for known in read(session, artists=("mc 3", "nobody"))} == {
        an_id("t", number) for number in (3, 13, 23, 33)
    }


def test_old_ones_are_left_out(session: Session, database: Database):
    database.run("UPDATE spotify_tracks SET checked_on = current_date - 8 WHERE popularity < 40")
    assert [known.track.popularity for known in read(session)] == [40, None]
