"""The account of a verdict, as a person reads it."""

from __future__ import annotations

from boombap.spotify.matching.explanation import MEANING, explain
from boombap.spotify.matching.match import REFUSALS
from boombap.spotify.model import Album, Artist, Track, TrackQuery


def track(artist: str, name: str, id_: str | None, **more: object) -> Track:
    return Track(id_, name, (Artist(None, artist),), **more)  # type: ignore[arg-type]


def test_every_step_is_told() -> None:
    wanted = TrackQuery(1, "Eve & Dre", "Satisfaction, Pt. 2 (Remix) [feat. Trina]", isrc="X", duration_ms=190_000)
    candidates = [
        track("Someone", "Satisfaction", "a"),
        track("Eve & Dre", "Satisfaction, Pt. II (Remix)", "b", duration_ms=191_000, album=Album(None, "Eve-Olution")),
    ]
    assert (
        "\n".join(explain(wanted, candidates))
        == """\
wanted: Eve & Dre – Satisfaction, Pt. 2 (Remix) [feat. Trina]
  artist read as eveanddre or the list dre, eve
  title read as satisfaction part 2 with numbers 2
  version remix
  guests trina
  ISRC X
  length 3:10
candidate 1: Someone – Satisfaction (a)
  refused, artist_differs: none of the artists is the wanted one
candidate 2: Eve & Dre – Satisfaction, Pt. II (Remix) on Eve-Olution (b)
  title: the titles are the same
  artist: the first artist is the wanted one
  duration: the lengths agree within 3 s
  guest_missing: no wanted guest is named
  score 0.96
matched: Satisfaction, Pt. II (Remix) (b), score 0.96"""
    )


def test_a_refusal_is_told_in_words() -> None:
    lines = list(explain(TrackQuery(1, "Eve", "Intro"), []))
    assert lines[-1] == "not_found: there is nothing to choose from"
    assert set(REFUSALS) <= MEANING.keys()


def test_rivals_are_told() -> None:
    rivals = [track("Eve", "Intro", "a", duration_ms=60_000), track("Eve", "Intro", "b", duration_ms=70_000)]
    lines = list(explain(TrackQuery(1, "Eve", "Intro"), rivals))
    assert lines[-2:] == [
        "ambiguous: Intro (a), score 0.97, 0.00 before the next recording",
        "  rivals: another recording scores within 0.03 of it",
    ]
