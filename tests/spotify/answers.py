"""Tracks and verdicts for the tests, all made up."""

from __future__ import annotations

from boombap.spotify.model import Album, Artist, Match, Outcome, Track, TrackQuery


def an_id(letter: str, number: int) -> str:
    return letter + f"{number:021d}"


def a_track(number: int, **changes: object) -> Track:
    artist = Artist(an_id("r", number % 10), f"MC {number % 10}")
    guest = Artist(an_id("r", 99), "DJ Gast")
    album = Album(an_id("l", number % 20), f"Album {number % 20}", "1999-11", "album", 12)
    track = Track(
        an_id("t", number), f"Song {number}", (artist, guest), album, 180_000 + number, explicit=True,
        isrc=f"USXX1{number:07d}", popularity=number % 100, track_number=1 + number % 12, disc_number=1,
        preview_url=f"https://p.example/{number}",
    )  # fmt: skip
    return track._replace(**changes)


def a_match(number: int, outcome: Outcome = Outcome.MATCHED, **changes: object) -> Match:
    """The verdict about row `number` of `tracks`; the changes are those of its track."""
    wanted = TrackQuery(number, f"MC {number % 10}", f"Song {number}")
    if outcome is Outcome.NOT_FOUND:
        return Match(wanted, outcome, reasons=("no_candidate",))
    return Match(wanted, outcome, a_track(number, **changes), 0.97, 0.2, ("isrc", "title"))
