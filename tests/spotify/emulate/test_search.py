"""How far a search goes, and the quirks that users of the real one report."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from boombap.spotify.emulate.catalogue import CatalogueRow
from boombap.spotify.emulate.index import Index, IndexEntry, parse
from boombap.spotify.emulate.quirk import Quirk
from spotify.emulate.web import OTHERS, Web, a_catalogue

AWKWARD = [
    CatalogueRow("K's Choice", "Believe", "Cocoon Crash", 1998),
    CatalogueRow("Nas", "N.Y. State of Mind", "Illmatic", 1994),
    CatalogueRow("Nas", "The World Is Yours", "Illmatic", 1994),
]


def names(web: Web, query: str, *, type_: str = "track", limit: int = 10) -> list[str]:
    found = web.get(f"/search?type={type_}&limit={limit}&q={quote(query)}").json[f"{type_}s"]
    return [item["name"] for item in found["items"]]


@pytest.fixture
def web() -> Web:
    return Web(a_catalogue(AWKWARD + OTHERS))


@pytest.mark.parametrize(
    "query", ['track:believe artist:"K\'s Choice"', "track:believe artist:ks choice", 'track:"N.Y. State of Mind"']
)
def test_strict_filters_miss_names_with_apostrophes_and_dots(web: Web, query: str):
    assert len(names(web, query)) == 1
    web.fault("search", times=0, kind="strict")
    assert names(web, query) == []
    assert names(web, 'track:"The World Is Yours" artist:Nas') == ["The World Is Yours"]
    assert names(web, "believe ks choice") == ["Believe"]


def test_strict_search_by_option():
    web = Web(a_catalogue(AWKWARD), quirks=frozenset({Quirk.STRICT}))
    assert names(web, "artist:ks choice") == []


def test_padding_gives_popular_tracks_that_do_not_match(web: Web):
    web.fault("search", times=0, kind="pad")
    padded = names(web, "artist:Nobody track:Nothing")
    assert len(padded) == len(set(padded)) == 6
    assert names(web, "track:believe")[0] == "Believe"


def test_a_shuffle_keeps_what_is_found_and_one_order_for_all_pages():
    web = Web()
    before = [names(web, f"track:verse {number}", limit=50) for number in range(3)]
    web.fault("search", times=0, kind="shuffle")
    after = [names(web, f"track:verse {number}", limit=50) for number in range(3)]
    assert [sorted(found) for found in after] == [sorted(found) for found in before]
    every = names(web, "track:verse", limit=50)
    assert every != sorted(every)
    assert every == names(web, "track:verse", limit=50)
    rest = web.get("/search?type=track&limit=10&offset=50&q=track%3Averse").json["tracks"]["items"]
    assert len({*every, *[track["name"] for track in rest]}) == 60


def test_quirks_add_up_and_leave_room_for_trouble(web: Web):
    script = b"""[{"times": 0, "then": {"kind": "strict"}}, {"times": 0, "then": {"kind": "pad"}},
                  {"match": "Believe", "then": {"status": 503}}]"""
    assert web.ask("/_faults", "POST", script).status == 200
    assert web.get("/search?type=track&q=Believe").status == 503
    assert len(names(web, "artist:ks choice track:believe")) == 6


def test_the_order_depends_on_the_seed():
    orders = [names(Web(quirks=frozenset(Quirk), seed=seed), "verse", limit=50) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize(
    ("query", "count"),
    [("year:1994 artist:nas", 2), ("artist:nas year:1990-1999", 2), ("nas year:1995", 0), ("year:1998", 1)],
)
def test_years(web: Web, query: str, count: int):
    assert len(names(web, query)) == count


def test_albums_have_years_and_artists_none(web: Web):
    assert names(web, "year:1994", type_="album") == ["Illmatic"]
    assert names(web, "nas", type_="artist") == ["Nas"]


@pytest.mark.parametrize("text", ["year:soon nas", 'year:"199" nas', "year:2000-1990 nas"])
def test_years_that_are_none_find_nothing(web: Web, text: str):
    assert names(web, text) == []


def test_a_query_has_a_longest_length(web: Web):
    assert web.get(f"/search?type=track&q={quote('é' * 250)}").status == 200
    refused = web.get(f"/search?type=track&q={'a' * 251}")
    assert (refused.status, refused.json["error"]["message"]) == (400, "Query exceeds maximum length of 250 characters")


@pytest.mark.parametrize(
    ("bounds", "status"),
    [("limit=50&offset=950", 200), ("limit=50&offset=951", 400), ("limit=10&offset=1000", 400), ("limit=0", 400)],
)
def test_pages_end_after_a_thousand(web: Web, bounds: str, status: int):
    assert web.get(f"/search?type=track&q=nas&{bounds}").status == status


def test_a_word_of_one_field_is_not_taken_for_one_of_another():
    index = Index(("artist", "track"), [IndexEntry(("Nas", "Mind")), IndexEntry(("Mind", "Nas"), 5)])
    assert index.find(parse("artist:nas")) == [0]
    assert index.find(parse("track:nas")) == [1]
    assert index.find(parse("nas mind")) == [1, 0]
    assert index.find(parse("album:nas")) == []
