from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boombap.errors import Unavailable
from boombap.spotify.model import Album, ApiRequest, Artist, Endpoint, Track
from boombap.spotify.webapi.decode import Decoded, decode
from spotify.documents import ID, track

TWO = ApiRequest(Endpoint.TRACKS, ids=(ID(1), ID(2)))
SEARCH = ApiRequest(Endpoint.SEARCH_TRACKS, query="x", limit=10)


def tracks(*entries: object, ask: ApiRequest = TWO) -> Decoded:
    return decode(ask, orjson.dumps({"tracks": entries}))


def names(found: Decoded) -> list[str | None]:
    return [track.name if track else None for track in found.response.tracks]


def test_a_track_is_read_whole():
    assert tracks(track(1), track(2)).response.tracks[0] == Track(
        id=ID(1),
        name="Track 1",
        artists=(Artist("artist1", "Artist 1"),),
        album=Album("album1", "Album 1", "2020-02-14", "album", 12),
        duration_ms=187026,
        explicit=True,
        isrc="USRC11201328",
        popularity=36,
        track_number=3,
        disc_number=1,
    )


def test_an_unknown_id_is_none_and_proves_it():
    found = tracks(None, track(2))
    assert names(found) == [None, "Track 2"]
    assert not found.broken


def test_the_order_of_the_answer_does_not_matter():
    assert names(tracks(track(2), track(1))) == ["Track 1", "Track 2"]


def test_an_answer_that_is_too_short_proves_nothing_about_the_rest():
    found = tracks(track(2))
    assert names(found) == [None, "Track 2"]
    assert found.broken == {ID(1)}


def test_a_duplicate_does_not_push_out_another():
    found = tracks(track(1), track(1))
    assert names(found) == ["Track 1", None]


def test_more_than_was_asked_for_is_left_out():
    assert names(tracks(track(7), track(1), track(2), track(8))) == ["Track 1", "Track 2"]


def test_a_relinked_track_says_where_it_comes_from():
    found = tracks(track(2), track(9, linked_from={"id": ID(1)}))
    assert [(track.id, track.requested_id) for track in found.response.tracks if track] == [
        (ID(9), ID(1)),
        (ID(2), None),
    ]


def test_a_relinked_track_without_origin_counts_by_its_place():
    found = tracks(track(9), track(2))
    assert [(track.id, track.requested_id) for track in found.response.tracks if track] == [
        (ID(9), ID(1)),
        (ID(2), None),
    ]


@pytest.mark.parametrize(
    "bad",
    [{}, {"id": ID(1)}, [], 7, "x", track(1, name=None), track(1, artists=None), track(1, artists=[{"id": "a"}])],
    ids=str,
)
def test_an_entry_that_cannot_be_read_costs_itself_only(bad: object):
    found = tracks(bad, track(2))
    assert names(found) == [None, "Track 2"]
    assert found.broken == {ID(1)}


@pytest.mark.parametrize("field", ["album", "duration_ms", "explicit", "external_ids", "popularity", "preview_url"])
@pytest.mark.parametrize("instead", [None, "absent", [], {"a": 1}])
def test_fields_that_are_gone_or_strange_are_none(field: str, instead: object):
    entry = track(1, **{field: instead})
    if instead == "absent":
        del entry[field]
    one = tracks(entry, track(2)).response.tracks[0]
    assert one is not None
    assert one.name == "Track 1"


@pytest.mark.parametrize("date", ["1994", "1994-09", "1994-09-13", None])
def test_a_date_keeps_its_precision(date: str | None):
    one = tracks(track(1, album={"id": "a", "name": "", "release_date": date}), track(2)).response.tracks[0]
    assert one
    assert one.album == Album("a", "", date)


def test_a_local_file_has_no_id():
    page = {"tracks": {"items": [track(1, id=None, is_local=True)], "total": 1}}
    (one,) = decode(SEARCH, orjson.dumps(page)).response.tracks
    assert one
    assert (one.id, one.is_local) == (None, True)


def test_a_page_leaves_out_what_is_no_candidate():
    page = {"tracks": {"items": [None, track(1), {"id": 5}], "total": 321}}
    found = decode(SEARCH, orjson.dumps(page))
    assert names(found) == ["Track 1"]
    assert found.response.total == 321


@pytest.mark.parametrize("entries", [[None], [None] * 10, [{"id": 5}, 7, []]], ids=str)
@pytest.mark.parametrize(
    ("ask", "key"),
    [
        (SEARCH, "tracks"),
        (ApiRequest(Endpoint.SEARCH_ARTISTS, query="x"), "artists"),
        (ApiRequest(Endpoint.ALBUM_TRACKS, ("a",)), ""),
        (ApiRequest(Endpoint.ARTIST_ALBUMS, ("a",)), ""),
    ],
    ids=["tracks", "artists", "album", "albums"],
)
def test_a_page_of_which_nothing_can_be_read_is_not_an_empty_one(ask: ApiRequest, key: str, entries: list[object]):
    page = {"items": entries, "total": 1}
    with pytest.raises(Unavailable):
        decode(ask, orjson.dumps({key: page} if key else page))
    assert decode(ask, orjson.dumps({key: {"items": []}} if key else {"items": []}))


def test_a_filtered_search_of_which_nothing_can_be_read_is_empty():
    found = decode(SEARCH._replace(query='track:"x" artist:"y"'), orjson.dumps({"tracks": {"items": [None]}}))
    assert found.response.tracks == ()


def test_the_other_questions():
    album = {"id": "a", "name": "Illmatic", "release_date": "1994"}
    artist = {"id": "n", "name": "Nas"}
    assert decode(ApiRequest(Endpoint.ALBUMS, ("a", "b")), orjson.dumps({"albums": [album, None]})).response.albums == (
        Album("a", "Illmatic", "1994"),
        None,
    )
    assert decode(ApiRequest(Endpoint.ARTISTS, ("n",)), orjson.dumps({"artists": [artist]})).response.artists == (
        Artist("n", "Nas"),
    )
    assert names(decode(ApiRequest(Endpoint.TRACK, (ID(1),)), orjson.dumps(track(1)))) == ["Track 1"]
    assert names(decode(ApiRequest(Endpoint.ALBUM_TRACKS, ("a",)), orjson.dumps({"items": [track(1)]}))) == ["Track 1"]
    page = decode(ApiRequest(Endpoint.ARTIST_ALBUMS, ("n",)), orjson.dumps({"items": [album], "total": 9}))
    assert (page.response.albums, page.response.total) == ((Album("a", "Illmatic", "1994"),), 9)
    found = decode(
        ApiRequest(Endpoint.SEARCH_ARTISTS, query="nas"), orjson.dumps({"artists": {"items": [artist], "total": 1}})
    )
    assert found.response.artists == (Artist("n", "Nas"),)


def test_one_track_under_another_id_is_relinked():
    one = decode(ApiRequest(Endpoint.TRACK, (ID(1),)), orjson.dumps(track(9))).response.tracks[0]
    assert one
    assert (one.id, one.requested_id) == (ID(9), ID(1))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>502 Bad Gateway</body></html>",
        b"[]",
        b"null",
        b"{}",
        b'{"tracks": null}',
        b'{"tracks": {}}',
        orjson.dumps({"tracks": [track(1), track(2)]})[:-40],
        b'{"tracks": [\xff]}',
    ],
)
@pytest.mark.parametrize("ask", [TWO, SEARCH], ids=["several", "search"])
def test_what_is_no_answer_is_asked_for_again(ask: ApiRequest, body: bytes):
    with pytest.raises(Unavailable, match="not what the Web API sends") as caught:
        decode(ask, body)
    assert caught.value.transient


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(sorted(track(1)))


@given(st.lists(st.none() | json_values | st.builds(lambda f, v: track(1, **{f: v}), fields, json_values), max_size=4))
def test_whatever_comes_every_id_gets_its_place(entries: list[object]):
    try:
        body = json.dumps({"tracks": entries}, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    found = decode(TWO, body)
    assert len(found.response.tracks) == 2
    assert found.broken <= {id_ for id_, track in zip(TWO.ids, found.response.tracks, strict=True) if track is None}


@given(st.permutations([1, 2, 3, 4]), st.sets(st.integers(0, 3)))
def test_by_any_order_and_with_any_gaps_tracks_find_their_ids(order: list[int], gone: set[int]):
    ask = ApiRequest(Endpoint.TRACKS, ids=tuple(ID(n) for n in (1, 2, 3, 4)))
    found = tracks(*(track(n) for at, n in enumerate(order) if at not in gone), ask=ask)
    missing = {order[at] for at in gone}
    assert names(found) == [None if n in missing else f"Track {n}" for n in (1, 2, 3, 4)]
    assert found.broken == {ID(n) for n in missing}


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(body: bytes):
    with pytest.raises(Unavailable):
        decode(TWO, body)
