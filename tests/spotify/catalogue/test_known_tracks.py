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
    return [one for chunk in read_known(session, ttl_s=TTL_S, chunk=7, **options) for one in chunk]  # type: ignore[arg-type]


def test_every_track_comes_once_and_as_it_was(session: Session):
    kept = read(session)
    expected = [a_track(number) for number in range(40, 0, -1)]
    assert [one.track for one in kept] == [*expected, a_track(41, popularity=None, album=None)]
    assert all(0 <= one.age_s < 2 * 86_400 for one in kept)


@pytest.mark.parametrize("most", [0, 1, 7, 10, 99])
def test_no_more_than_asked_for(session: Session, most: int):
    assert [one.track.popularity for one in read(session, most=most)][:10] == [*range(40, 0, -1)][: min(most, 10)]


def test_an_artist_list(session: Session):
    assert {one.track.id for one in read(session, artists=("mc 3", "nobody"))} == {
        an_id("t", number) for number in (3, 13, 23, 33)
    }


def test_old_ones_are_left_out(session: Session, database: Database):
    database.run("UPDATE spotify_tracks SET checked_on = current_date - 8 WHERE popularity < 40")
    assert [one.track.popularity for one in read(session)] == [40, None]
