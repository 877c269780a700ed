"""The matcher: what may be taken for the wanted track, what never, and that nothing but the values decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.spotify.matching.match import ACCEPTED, match, score_candidate
from boombap.spotify.model import Album, Artist, Match, Outcome, Track, TrackQuery


def wanted(artist: str, title: str, **more: object) -> TrackQuery:
    return TrackQuery(1, artist, title, **more)  # type: ignore[arg-type]


def track(artists: str, name: str, id_: str = "a", **more: object) -> Track:
    return Track(id_, name, tuple(Artist(None, track) for track in artists.split("; ")), **more)  # type: ignore[arg-type]


def outcome(found: Match) -> tuple[str, str | None]:
    return str(found.outcome), found.track.id if found.track else None


@pytest.mark.parametrize(
    ("artist", "title", "artists", "name"),
    [
        ("Eve", "Who’s That Girl?", "Eve", "Who's That Girl?"),
        ("E-40", "Tell Me When to Go", "E-40; Keak Da Sneak", "Tell Me When To Go"),
        ("Curren$y", "Airborne Aquarium", "Curren$y", "Airborne Aquarium"),
        ("A$AP Rocky", "F**kin’ Problems", "A$AP Rocky; Drake", "Fuckin' Problems (feat. Drake)"),
        ("B.o.B", "Magic", "B.o.B; Rivers Cuomo", "Magic (feat. Rivers Cuomo)"),
        ("André 3000", "Hey Ya", "Andre 3000", "Hey Ya"),
        ("Pi’erre Bourne", "Poof", "Pi'erre Bourne", "Poof"),
        ("8Ball & MJG", "Space Age Pimpin’", "8Ball & MJG", "Space Age Pimpin"),
        ("8Ball & MJG", "Space Age Pimpin’", "8Ball; MJG", "Space Age Pimpin'"),
        ("Tyler, The Creator", "Yonkers", "Tyler, The Creator", "Yonkers"),
        ("Macklemore & Ryan Lewis", "Thrift Shop", "Macklemore; Ryan Lewis; Wanz", "Thrift Shop (feat. Wanz)"),
        ("Rah Digga", "What We Gonna Do", "Busta Rhymes; Rah Digga", "What We Gonna Do"),
        ("Jagged Edge", "Where the Party At (feat. Nelly)", "Jagged Edge; Nelly", "Where the Party At"),
        ("The Beatles", "Hello, Goodbye", "The Beatles", "Hello, Goodbye - Remastered 2009"),
        ("The Fray", "Over My Head", "The Fray", "Over My Head (Cable Car)"),
        ("Mia X", "Party Dont Stop", "Mia X", "The Party Don’t Stop"),
        ("Trina", "Da Baddest Bicth", "Trina", "Da Baddest Bitch"),
        ("Скриптонит", "Положение", "Скриптонит", "Положение"),
        ("Tink", "KeKe’s Interlude", "Tink", "KeKe's (Interlude)"),
        ("Eve", "Satisfaction - Album Version (Edited)", "Eve", "Satisfaction"),
        ("Stromae", "Alors on danse", "Stromae", "Alors on danse - Radio Edit"),
        ("Stromae", "Alors on danse (Radio Edit)", "Stromae", "Alors on danse"),
        ("Kanye West", "Stronger", "Ye", "Stronger"),
        ("Ye", "Stronger", "Kanye West", "Stronger"),
        ("P. Diddy", "Bad Boy for Life", "Diddy; Black Rob", "Bad Boy for Life"),
        ("Machine Gun Kelly", "Wild Boy", "mgk; Waka Flocka Flame", "Wild Boy"),
        ("Mos Def", "Ms. Fat Booty", "Yasiin Bey", "Ms. Fat Booty"),
        ("Lauryn Hill", "Doo Wop (That Thing)", "Ms. Lauryn Hill", "Doo Wop (That Thing)"),
        ("Bob Seger & The Silver Bullet Band", "Hollywood Nights", "Bob Seger", "Hollywood Nights"),
        ("Bob Seger", "Hollywood Nights", "Bob Seger & The Silver Bullet Band", "Hollywood Nights"),
        ("Ice Cube", "Live Your Life", "Ice Cube", "Live Your Life"),
    ],
)
def test_the_same_song_is_matched(artist: str, title: str, artists: str, name: str) -> None:
    found = match(wanted(artist, title), [track(artists, name)])
    assert outcome(found) == ("matched", "a"), found.reasons
    assert ACCEPTED <= found.score <= 1


@pytest.mark.parametrize(
    ("artist", "title", "artists", "name", "reason"),
    [
        ("Remy Ma", "Diamonds Are Forever", "Remy Bond", "Diamonds Are Forever", "artist_differs"),
        ("Eve", "Guess Who’s Single", "Eves Laurent; Lijpe", "Guess Who's Single", "artist_differs"),
        ("Tyler, The Creator", "Yonkers", "Tyler", "Yonkers", "artist_differs"),
        ("Adele", "Hello", "Karaoke Hits Band", "Hello (Made Famous by Adele) [Karaoke Version]", "artist_differs"),
        ("Adele", "Hello", "Tribute to Adele", "Hello", "artist_differs"),
        ("Trina", "Trine", "Trine", "Trine", "artist_differs"),
        ("R. Kelly", "Ignition", "R. Kelly", "Ignition - Remix", "version_differs"),
        ("AC/DC", "Rosie", "AC/DC", "Rosie - Live Donington Park, Aug. 17, 1991", "version_differs"),
        ("AC/DC", "Rosie", "AC/DC", "Rosie (Recorded at Hammersmith)", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath (Re-Recorded / Remastered)", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath (1996 Rerecorded Stereo)", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath - Take 3", "version_differs"),
        ("Berlin", "Breath (Take 2)", "Berlin", "Breath - Take 3", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath (Alternate Take / Remastered 2014)", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath - Outtake", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath - Rough Mix", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath - Rehearsal", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath (Commentary)", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath (8D Audio)", "version_differs"),
        ("Berlin", "Breath", "Berlin", "Breath - BBC Radio 1 Session", "version_differs"),
        ("Stromae", "Alors", "Stromae", "Alors - Solomun Edit", "version_differs"),
        ("Stromae", "Alors", "Stromae", "Alors - Extended Edit", "version_differs"),
        ("Florence", "Dog Days", "Florence & The Machine", "Dog Days", "artist_differs"),
        ("Kanye West", "Stronger", "Yea", "Stronger", "artist_differs"),
        ("Jo Jo Zep & The Falcons", "Hit", "Jo Jo Zep & The Falcons Tribute Band", "Hit", "artist_differs"),
        ("Jo Jo Zep", "Hit", "Jo Jo Zep & The Tribute Band", "Hit", "artist_differs"),
        ("Bob Marley & The Wailers", "Hit", "Bob Marley & The Hits", "Hit", "artist_differs"),
        ("Trina", "The One", "Trina", "The One (Intro)", "version_differs"),
        ("Trina", "The One (Live)", "Trina", "The One", "version_differs"),
        ("Sam Fischer", "This City - Anki Remix", "Sam Fischer", "This City - Luca Schreiner Remix", "version_differs"),
        ("Mase", "My Song, Pt. 1", "Mase", "My Song, Pt. 2", "number_differs"),
        ("Eve", "Scenario 2000", "Eve", "Scenario 2001", "number_differs"),
        ("Trina", "Get Money", "Trina", "Got Money", "title_differs"),
        ("Trina", "I Need Love", "Trina", "I Need U Love", "title_differs"),
        ("Trina", "Mama (The One)", "Trina", "Mama (Goodbye)", "subtitle_differs"),
        ("Trina", "B*", "Trina", "Beam", "title_differs"),
    ],
)
def test_another_song_is_not(artist: str, title: str, artists: str, name: str, reason: str) -> None:
    found = match(wanted(artist, title), [track(artists, name)])
    assert (outcome(found), found.reasons, found.score) == (("not_found", None), (reason,), 0.0)


def test_nothing_to_choose_from_is_not_found() -> None:
    assert match(wanted("Eve", "Satisfaction"), []).reasons == ("no_candidates",)
    assert outcome(match(wanted("", ""), [track("", "")])) == ("not_found", None)


def test_the_nearest_miss_is_told() -> None:
    strangers = [
        track("Someone", "Ignition"),
        track("R. Kelly", "Ignition - Remix", "b"),
        track("R. Kelly", "Other", "c"),
    ]
    assert match(wanted("R. Kelly", "Ignition"), strangers).reasons == ("version_differs",)


@pytest.mark.parametrize(
    ("length_ms", "expected", "reason"),
    [
        (200_000, "matched", "duration"),
        (208_000, "matched", "duration_near"),
        (215_001, "not_found", "duration_differs"),
    ],
)
def test_length_helps_or_vetoes(length_ms: int, expected: str, reason: str) -> None:
    found = match(
        wanted("Eve", "Satisfaction", duration_ms=200_000), [track("Eve", "Satisfaction", duration_ms=length_ms)]
    )
    assert found.outcome == expected
    assert reason in found.reasons


def test_a_near_length_scores_higher_than_none_and_than_a_far_one() -> None:
    scores = [
        score_candidate(
            wanted("Eve", "Satisfaction", duration_ms=200_000), track("Eve", "Satisfaction", duration_ms=ms)
        ).score
        for ms in (201_000, 0, 214_000)
    ]
    assert scores == sorted(scores, reverse=True)


def test_the_recordings_code_wins_when_it_is_verified() -> None:
    asked = wanted("Eve", "Satisfaction", isrc="USIR10200111")
    coded = track("Eve", "Satisfaction - Album Version", "b", isrc="US-IR1-02-00111")
    found = match(asked, [track("Eve", "Satisfaction"), coded])
    assert (outcome(found), found.score, found.reasons[0]) == (("matched", "b"), 1.0, "isrc")


def test_the_code_of_a_stranger_is_not_believed() -> None:
    asked = wanted("Eve", "Satisfaction", isrc="USIR10200111", duration_ms=200_000)
    stranger = track("Trina", "Da Baddest Bitch", isrc="USIR10200111")
    longer = track("Eve", "Satisfaction", isrc="USIR10200111", duration_ms=260_000)
    assert match(asked, [stranger]).reasons == ("isrc_contradicted",)
    assert match(asked, [longer]).reasons == ("duration_differs",)


def test_a_shared_code_is_one_recording() -> None:
    asked = wanted("Eve", "Satisfaction", isrc="X")
    found = match(asked, [track("Eve", "Satisfaction", "a", isrc="X"), track("Eve", "Satisfaction", "b", isrc="X")])
    assert found.outcome is Outcome.MATCHED
    assert found.margin is None
    assert "twin" in found.reasons


@pytest.mark.parametrize("explicit", [True, False])
def test_of_clean_and_explicit_twins_the_wanted_one_is_taken(explicit: bool) -> None:
    twins = [
        track("Lily Allen", "The Fear", "clean", explicit=False, duration_ms=206_080, popularity=80),
        track("Lily Allen", "The Fear", "explicit", explicit=True, duration_ms=207_120, popularity=10),
    ]
    found = match(wanted("Lily Allen", "The Fear", explicit=explicit), twins)
    assert outcome(found) == ("matched", "explicit" if explicit else "clean")


def test_of_twins_the_best_known_is_taken_then_the_album_before_the_compilation() -> None:
    one = track("Eve", "Tambourine", "a", popularity=3, duration_ms=1_000)
    other = track("Eve", "Tambourine", "b", popularity=50, duration_ms=1_000)
    assert outcome(match(wanted("Eve", "Tambourine"), [one, other])) == ("matched", "b")
    hits = track("Eve", "Tambourine", "a", album=Album("x", "Hits", "2010", "compilation"))
    album = track("Eve", "Tambourine", "b", album=Album("y", "Tambourine", "2007", "album"))
    assert outcome(match(wanted("Eve", "Tambourine"), [hits, album])) == ("matched", "b")


def test_two_recordings_of_one_name_are_ambiguous_until_the_length_decides() -> None:
    two = [track("Eve", "Intro", "a", duration_ms=60_000), track("Eve", "Intro", "b", duration_ms=66_000)]
    assert match(wanted("Eve", "Intro"), two).reasons[-1] == "rivals"
    assert match(wanted("Eve", "Intro"), two).outcome is Outcome.AMBIGUOUS
    assert outcome(match(wanted("Eve", "Intro", duration_ms=66_000), two)) == ("matched", "b")


def test_the_margin_to_the_runner_up_is_told() -> None:
    other = track("Eve", "Satisfactino", "b", duration_ms=100_000)
    found = match(wanted("Eve", "Satisfaction"), [track("Eve", "Satisfaction", duration_ms=200_000), other])
    assert found.margin
    assert found.margin == pytest.approx(
        found.score - score_candidate(wanted("Eve", "Satisfaction"), other).score, abs=1e-4
    )


def test_a_local_file_is_told_apart() -> None:
    local = Track(None, "Satisfaction", (Artist(None, "Eve"),), is_local=True)
    found = match(wanted("Eve", "Satisfaction"), [local])
    assert found.outcome is Outcome.LOCAL_ONLY
    assert outcome(match(wanted("Eve", "Satisfaction"), [local, track("Eve", "Satisfaction")])) == ("matched", "a")


def test_a_missing_guest_costs_and_a_named_one_does_not() -> None:
    asked = wanted("Trina", "How We Do (Feat. Fabolous)")
    with_guest, without = (
        score_candidate(asked, track("Trina; Fabolous", "How We Do?")),
        score_candidate(asked, track("Trina", "How We Do?")),
    )
    assert ("guests" in with_guest.reasons, "guest_missing" in without.reasons) == (True, True)
    assert with_guest.score > without.score


@pytest.mark.parametrize(
    "title", ['Say "Hi"', "A: B", "*69", "🔥🔥", "שלום עולם", "a\u00a0b", "long " * 60, "÷", "<b>&amp;</b>"]
)
def test_odd_titles_match_themselves_and_nothing_else(title: str) -> None:
    assert match(wanted("Eve", title), [track("Eve", title)]).outcome is Outcome.MATCHED
    assert match(wanted("Eve", title), [track("Eve", "Satisfaction")]).outcome is Outcome.NOT_FOUND


_TITLES = [
    "Get It",
    "Get It (Remix)",
    "Get It - Live",
    "Got It",
    "Get It Now",
    "G*t It",
    "Intro",
    "Outro",
    "Pt. 2",
    "Get Itt",
]
_ARTISTS = ["Eve", "Trina", "Eve; Trina", "Trina; Eve", "Eve & Trina"]
TRACKS = st.builds(
    track,
    st.sampled_from(_ARTISTS),
    st.sampled_from(_TITLES) | st.text(max_size=12),
    st.sampled_from("abcdefgh"),
    duration_ms=st.none() | st.integers(0, 300_000),
    explicit=st.none() | st.booleans(),
    isrc=st.none() | st.sampled_from(["X", "Y"]),
    popularity=st.none() | st.integers(0, 100),
)
WANTED = st.builds(
    wanted,
    st.sampled_from(["Eve", "Trina", "Eve & Trina", "Eve feat. Trina"]),
    st.sampled_from(_TITLES) | st.text(max_size=12),
    duration_ms=st.none() | st.integers(0, 300_000),
    explicit=st.none() | st.booleans(),
    isrc=st.none() | st.sampled_from(["X", "Y"]),
)


@given(WANTED, st.lists(TRACKS, max_size=6), st.randoms())
def test_the_order_of_candidates_does_not_matter(asked: TrackQuery, tracks: list[Track], chance: object) -> None:
    unique = list({track.id: track for track in tracks}.values())
    shuffled = unique.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert match(asked, unique) == match(asked, shuffled)


@given(WANTED, st.lists(TRACKS, max_size=6))
def test_a_score_lies_between_0_and_1_and_a_match_has_a_track(asked: TrackQuery, tracks: list[Track]) -> None:
    found = match(asked, tracks)
    assert 0 <= found.score <= 1
    assert found.margin is None or -1 <= found.margin <= 1
    assert found.reasons
    assert (found.track is not None) == (found.outcome is not Outcome.NOT_FOUND)
    assert found.outcome is not Outcome.MATCHED or (found.track is not None and found.score >= ACCEPTED)


@given(WANTED, st.lists(TRACKS, max_size=6))
def test_what_was_matched_is_matched_alone_too(asked: TrackQuery, tracks: list[Track]) -> None:
    found = match(asked, tracks)
    if found.outcome is Outcome.MATCHED and found.track is not None:
        again = match(asked, [found.track])
        assert (again.outcome, again.track, again.score) == (found.outcome, found.track, found.score)


@given(WANTED, TRACKS, st.lists(TRACKS, max_size=4))
def test_refused_candidates_change_nothing(asked: TrackQuery, one: Track, others: list[Track]) -> None:
    refused = [other for other in others if score_candidate(asked, other).refused]
    found = match(asked, [one])
    if found.outcome is not Outcome.NOT_FOUND:
        assert match(asked, [one, *refused]) == found


def _rivals(score_apart: float) -> Match:
    """Two recordings by different first artists, whose lengths alone hold their scores apart."""
    one_ms, per_ms = 204_000, 0.10 / 12_000
    pair = [
        track("Busta Rhymes; Rah Digga", "What We Gonna Do", "a", duration_ms=one_ms),
        track("Rah Digga; Busta Rhymes", "What We Gonna Do", "b", duration_ms=one_ms + round(score_apart / per_ms)),
    ]
    return match(wanted("Busta Rhymes & Rah Digga", "What We Gonna Do", duration_ms=200_000), pair)


@pytest.mark.parametrize("score_apart", [0.0, 0.001, 0.015, 0.029])
def test_rivals_within_the_margin_are_ambiguous(score_apart: float) -> None:
    """The rule against wrong matches: where two recordings fit about as well, none of them is stored."""
    found = _rivals(score_apart)
    assert found.margin == pytest.approx(score_apart)
    assert (found.outcome, found.reasons[-1]) == (Outcome.AMBIGUOUS, "rivals")


@pytest.mark.parametrize("score_apart", [0.03, 0.031])
def test_rivals_beyond_the_margin_are_told_apart(score_apart: float) -> None:
    found = _rivals(score_apart)
    assert found.margin == pytest.approx(score_apart)
    assert outcome(found) == ("matched", "a")


@pytest.mark.parametrize(
    ("duration_ms", "is_sure"), [(200_000, True), (205_400, True), (205_412, False), (210_000, False), (None, False)]
)
def test_a_candidate_below_the_bar_is_ambiguous(duration_ms: int | None, is_sure: bool) -> None:
    """A remix by somebody may be any remix: where the length does not tell, what only resembles is not stored."""
    remix = track("R. Kelly", "Ignition - Luca Remix", duration_ms=duration_ms)
    found = match(wanted("R. Kelly", "Ignition (Remix)", duration_ms=200_000), [remix])
    assert (found.score >= ACCEPTED) is is_sure
    assert (found.outcome is Outcome.MATCHED) is is_sure
    assert ("weak" in found.reasons) is not is_sure


def test_an_exact_title_is_better_than_its_own_edit() -> None:
    candidates = [track("Stromae", "Alors on danse - Radio Edit", "edit"), track("Stromae", "Alors on danse", "exact")]
    assert outcome(match(wanted("Stromae", "Alors on danse"), candidates)) == ("matched", "exact")
    assert outcome(match(wanted("Stromae", "Alors on danse - Radio Edit"), candidates)) == ("matched", "edit")


def two_lengths(
    *dates: str, lengths_ms: tuple[int, int] = (252_000, 230_000), title: str = "C.R.E.A.M."
) -> list[Track]:
    return [
        track("Wu-Tang Clan", title, f"t{date}", duration_ms=length_ms, album=Album("a", "A", date, "album", 12))
        for date, length_ms in zip(dates, lengths_ms, strict=True)
    ]


@pytest.mark.parametrize("dates", [("2001-05-01", "1993-11-09"), ("1993-11-09", "2001-05-01")])
def test_of_one_song_at_two_lengths_the_earliest_is_taken(dates: tuple[str, str]) -> None:
    found = match(wanted("Wu-Tang Clan", "C.R.E.A.M."), two_lengths(*dates))
    assert outcome(found) == ("matched", "t1993-11-09")
    assert "earliest" in found.reasons


def test_a_length_that_is_wanted_decides_between_two() -> None:
    candidates = two_lengths("2001-05-01", "1993-11-09")
    found = match(wanted("Wu-Tang Clan", "C.R.E.A.M.", duration_ms=252_000), candidates)
    assert outcome(found) == ("matched", "t2001-05-01")


@pytest.mark.parametrize(("lengths_ms", "title"), [((252_000, 100_000), "C.R.E.A.M."), ((90_000, 61_000), "Intro")])
def test_two_songs_of_one_title_stay_ambiguous(lengths_ms: tuple[int, int], title: str) -> None:
    candidates = two_lengths("2001-05-01", "1993-11-09", lengths_ms=lengths_ms, title=title)
    assert str(match(wanted("Wu-Tang Clan", title), candidates).outcome) == "ambiguous"


_WORDS = st.sampled_from([
    "live", "the", "The", "remix", "Remix", "feat", "ft", "with", "intro", "vs", "and", "x", "pt", "part", "2", "ii",
    "edit", "radio", "version", "remastered", "2009", "freestyle", "skit", "instrumental", "prod", "by", "Eve", "don't",
    "Nas", "i", "O'", "original", "mix", "clean", "explicit", "'", "''", "album", "single", "deluxe", "bonus", "track",
])  # fmt: skip
_NAMES = st.lists(_WORDS, min_size=1, max_size=4).map(" ".join)


@given(artist=_NAMES, title=_NAMES, duration_ms=st.sampled_from([None, 180_000, 184_000, 200_000]))
def test_the_short_way_for_equal_names_ends_where_the_long_one_does(artist: str, title: str, duration_ms: int | None):
    query = wanted(artist, title, duration_ms=duration_ms)
    found = track(artist, title, duration_ms=180_000)
    short = score_candidate(query, found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("boombap.spotify.matching.match._is_plainly_same", lambda *_: False)
        assert score_candidate(query, found) == short
