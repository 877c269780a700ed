"""Verdicts about known ids, discographies, and requests without an answer."""

from __future__ import annotations

import pytest

from boombap.spotify.matching.verdict import match_all, match_id, refused, unreadable
from boombap.spotify.model import Artist, Outcome, Rejection, Track, TrackQuery


def track(id_: str, name: str) -> Track:
    return Track(id_, name, (Artist("eve", "Eve"),))


def known(title: str, id_: str, *, artist: str = "Eve", key: int = 1) -> TrackQuery:
    return TrackQuery(key, artist, title, spotify_id=id_)


@pytest.mark.parametrize("wanted", [known("", "a"), known("Satisfaction", "a", artist=""), known("", "a", artist="")])
def test_an_id_alone_is_believed(wanted: TrackQuery):
    found = match_id(wanted, track("a", "Something Else"))
    assert found is not None
    assert (found.outcome, found.score, found.reasons) == (Outcome.MATCHED, 1.0, ("id",))


def test_an_id_with_the_right_names_is_a_match():
    found = match_id(known("Satisfaction", "a"), track("a", "Satisfaction"))
    assert found is not None
    assert found.outcome is Outcome.MATCHED
    assert found.reasons[:2] == ("id", "title")


def test_an_id_of_another_song_has_no_verdict():
    assert match_id(known("Satisfaction", "a"), track("a", "Tambourine")) is None


def test_a_discography_answers_ids_and_names_and_leaves_the_rest():
    tracks = [track("a", "Satisfaction"), track("b", "Tambourine")]
    wanted = [known("Satisfaction", "a", key=1), known("Tambourine", "a", key=2), known("Who's That Girl", "c", key=3)]
    matches, left = match_all(wanted, tracks)
    assert [(found.wanted.key, found.track and found.track.id) for found in matches] == [(1, "a"), (2, "b")]
    assert left == [wanted[2]]


@pytest.mark.parametrize(
    ("refusal", "outcome", "reason"),
    [
        (Rejection.NOT_FOUND, Outcome.NOT_FOUND, "unknown_id"),
        (Rejection.FORBIDDEN, Outcome.FAILED, "forbidden"),
        (Rejection.FAILED, Outcome.FAILED, "request_failed"),
    ],
)
def test_only_a_404_says_that_an_id_is_unknown(refusal: Rejection, outcome: Outcome, reason: str):
    found = refused(known("Satisfaction", "a"), refusal)
    assert (found.outcome, found.reasons, found.track) == (outcome, (reason,), None)


def test_an_unreadable_entry_is_not_an_unknown_id():
    broken = unreadable(known("Satisfaction", "a"))
    assert (broken.outcome, broken.reasons) == (Outcome.FAILED, ("malformed_answer",))
