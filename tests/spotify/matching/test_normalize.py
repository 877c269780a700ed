"""Names: what spelling takes away, and what it must never take."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.spotify.matching.normalize import fold, name_key, read_credit, read_title

TITLE_LIKE = st.text(
    st.one_of(st.sampled_from(list("abEINRft2 -()[]&.*$!',/;’–`´\u200f")), st.characters(exclude_categories=("Cs",))),
    max_size=60,
)
WORDS = st.lists(
    st.sampled_from(
        "a n & feat. ft. with part pt. ii 2 remix live intro (intro) [live] - demo freestyle Slowed + , ; x $ *".split()  # noqa: SIM905
    ),
    max_size=12,
).map(" ".join)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Gucci Mane", "guccimane"),
        ("E-40", "e40"),
        ("Curren$y", "currensy"),
        ("A$AP Rocky", "asaprocky"),
        ("B.o.B", "bob"),
        ("André 3000", "andre3000"),
        ("Pi’erre Bourne", "pierrebourne"),
        ("Pi'erre Bourne", "pierrebourne"),
        ("8Ball & MJG", "8ballandmjg"),
        ("Tyler, The Creator", "tylerthecreator"),
        ("Earth, Wind & Fire", "earthwindandfire"),
        ("Roxanne Shanté", "roxanneshante"),
        ("The Notorious B.I.G.", "notoriousbig"),
        ("$uicideboy$", "suicideboys"),
        ("AC/DC", "acdc"),
        ("P!nk", "pink"),
        ("*NSYNC", "nsync"),
        ("A*M*E", "ame"),
        ("Скриптонит", "skriptonit"),
        ("Ayo & Teo", "ayoandteo"),
        ("6ix9ine", "6ix9ine"),
        ("\u202bEve\u202c", "eve"),
        ("DJ\u00a0Khaled", "djkhaled"),
        ("100 gecs", "100gecs"),
    ],
)
def test_a_name_keeps_what_makes_it_a_name(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize(
    "name",
    [
        "Gucci Mane",
        "E-40",
        "Curren$y",
        "A$AP Ferg",
        "B.o.B",
        "André 3000",
        "Pi’erre Bourne",
        "8Ball & MJG",
        "Tyler, The Creator",
        "Earth, Wind & Fire",
        "A Boogie Wit da Hoodie",
        "Lil Nas X",
        "Mia X",
        "Feature",
        "Daft Punk",
    ],
)
def test_an_artist_stays_one_artist(name: str) -> None:
    credit = read_credit(name)
    assert (credit.whole, credit.featured) == (name_key(name), frozenset())


@pytest.mark.parametrize("line", ["Eve feat. Gwen Stefani", "Eve (ft Gwen Stefani)", "Eve, featuring Gwen Stefani"])
def test_guests_of_an_artist_line_are_set_apart(line: str) -> None:
    assert read_credit(line) == ("eve", frozenset(), {"gwenstefani"})


def test_a_list_of_artists_is_kept_beside_the_one_name() -> None:
    assert read_credit("Macklemore & Ryan Lewis").parts == {"macklemore", "ryanlewis"}
    assert read_credit("Rae x Ghost").parts == {"rae", "ghost"}
    assert read_credit("Mia X").parts == frozenset()


@pytest.mark.parametrize(
    ("title", "text", "tags", "featured"),
    [
        ("Hello, Goodbye - Remastered 2009", "hello goodbye", "", ""),
        ("Hercules - Remastered", "hercules", "", ""),
        ("Let's Dance - Single Version, 2014 Remaster", "lets dance", "", ""),
        ("Surfin' Safari - Mono/Remastered 2001", "surfing safari", "", ""),
        ("Feel This Moment (feat. Christina Aguilera)", "feel this moment", "", "christinaaguilera"),
        ("Be Like That - feat. Swae Lee & Khalid", "be like that", "", "khalid swaelee"),
        ("Throw It Back (feat, Deuce Poppi)", "throw it back", "", "deucepoppi"),
        ("Drown ft. Clinton Kane", "drown", "", "clintonkane"),
        ("Giant (with Rag'n'Bone Man)", "giant", "", "ragnboneman"),
        ("Finesse - Remix; feat. Cardi B", "finesse", "remix", "cardib"),
        ("MIC Drop (feat. Desiigner) [Steve Aoki Remix]", "mic drop", "remix", "desiigner"),
        ("Back to Business Freestyle", "back to business", "freestyle", ""),
        ("Mask Off (Freestyle)", "mask off", "freestyle", ""),
        ("Be Single (Interlude)", "be single", "interlude", ""),
        ("Immortal Beloved (Outro)", "immortal beloved", "outro", ""),
        ("Intro", "intro", "intro", ""),
        ("(Intro)", "intro", "intro", ""),
        ("Intro - Sommore", "intro", "intro", ""),
        ("Ride It (Sped Up)", "ride it", "sped up", ""),
        ("Used 2 Know (Slowed + Reverb)", "used 2 know", "slowed", ""),
        ("UFO (Radio Edit)", "ufo", "edit", ""),
        ("Revolution (Demo)", "revolution", "demo", ""),
        ("Party & Bullshit (a cappella)", "party and bullshit", "acapella", ""),
        ("Layla - Acoustic; Live at MTV Unplugged, Bray; 2013 Remaster", "layla", "acoustic live", ""),
        ("I'll Be There - Live at MTV Unplugged, New York - March 1992", "ill be there", "live", ""),
        ("Love Story (Taylor’s Version)", "love story", "version", ""),
        ("Sadeness - Pt. 1 / Radio Edit", "sadeness part 1", "edit", ""),
        ("My Chicago, Pt. II", "my chicago part 2", "", ""),
        ("Thrift Shop (Instrumental) [prod. by Ryan Lewis]", "thrift shop", "instrumental", ""),
        ("Titanium (Karaoke Version)", "titanium", "karaoke", ""),
    ],
)
def test_a_title_is_taken_apart(title: str, text: str, tags: str, featured: str) -> None:
    read = read_title(title)
    tags_of = {" ".join(read.tags)} if len(read.tags) == 1 else {" ".join(sorted(read.tags))}
    assert (read.text, tags_of, " ".join(sorted(read.featured))) == (text, {tags}, featured)


@pytest.mark.parametrize(
    "title",
    [
        "Live Your Life",
        "Born to Live",
        "Long Live A$AP",
        "Remix",
        "Skit",
        "Deuce/Ypsi",
        "What's Beef?",
        "Featherweight",
        "Coverage",
        "Dublin",
        "Gift Shop",
        "The Introduction",
        "Demolition Man",
        "Partition",
        "C.R.E.A.M.",
        "100%",
    ],
)
def test_words_of_a_song_are_no_versions(title: str) -> None:
    assert read_title(title).text == fold(title)


def test_a_subtitle_is_kept_apart() -> None:
    read = read_title("Over My Head (Cable Car)")
    assert (read.key, read.full, read.subtitle) == ("overmyhead", "overmyheadcablecar", "cablecar")
    assert read_title("(Just Like) Starting Over").full == "justlikestartingover"
    assert read_title("Lady - Hear Me Tonight").full == read_title("Lady (Hear Me Tonight)").full


def test_whose_remix_it_is_is_kept() -> None:
    assert read_title("Don’t Be So Shy - Filatov & Karas Remix").detail == "filatov and karas"
    assert read_title("True Blue - 1986 Version").detail == "1986"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Goin’ Bad", "Going Bad"),
        ("You & Me", "You and Me"),
        ("Sick ‘n’ Tired", "Sick and Tired"),
        ("Don´t Go", "Don't Go"),
        ("Untitled Drums 03", "Untitled Drums 3"),
        ("Pt. 2", "Part II"),
        ("Sh!t", "$hit"),
        ("100%", "100"),
        ("Ｆｕｌｌ Width", "full width"),
        ("Song 🔥", "Song"),
    ],
)
def test_spellings_of_one_title_agree(one: str, other: str) -> None:
    assert (read_title(one).key, read_title(one).numbers) in {
        (read_title(other).key, read_title(other).numbers),
        (read_title(other).key.replace("3", "03"), read_title(other).numbers),
    }


def test_a_title_of_symbols_is_not_nothing() -> None:
    assert fold("÷") == "÷"
    assert fold("???") == "???"
    assert read_title("💔").key == "💔"
    assert fold("****") == "∗∗∗∗"
    assert read_title("").key == ""
    assert read_title("()").key == ""


def test_censor_marks_stay_as_wildcards() -> None:
    assert read_title("F**kin’ Problems").key == "f*kingproblems"
    assert read_title("Sh*t").key == "sh*t"
    assert read_title("Both Worlds, *69").key == "bothworlds69"


@given(TITLE_LIKE | WORDS)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(TITLE_LIKE | WORDS)
def test_reading_a_read_title_changes_nothing(text: str) -> None:
    once = read_title(text)
    assert read_title(once.text).text == once.text


@given(TITLE_LIKE | WORDS)
def test_reading_is_bounded_and_never_fails(text: str) -> None:
    read = read_title(text)
    credit = read_credit(text)
    assert len(read.full) <= 4000
    assert all(key for key in read.featured | credit.featured | credit.parts)
    assert not any(character.isspace() for character in read.key + read.full + credit.whole)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 300,
        "- " * 150,
        "a" * 5000,
        " feat. " * 60,
        "'" * 300,
        "*a" * 150,
        "شعر " * 75,
        "ﷺ" * 300,
        "( - )" * 60,
        " (live" * 50,
        "part " * 60,
        " remix" * 50,
        "a.b." * 75,
        "[x]" * 100,
    ],
)
def test_long_and_hostile_titles_are_bounded(text: str) -> None:
    before = time.perf_counter()
    read_title(text)
    read_credit(text)
    assert time.perf_counter() - before < 0.2
    assert len(read_title(text).full) <= 4000
