"""What the endpoints answer, in both modes."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from boombap.spotify.emulate.catalogue import CatalogueRow, from_rows
from boombap.spotify.model import Mode
from spotify.emulate.web import Web

NOBODY = "0" * 22
GONE = ("popularity", "available_markets", "linked_from", "label", "followers")


def test_several_tracks_in_order_with_null_for_the_unknown():
    web = Web()
    first, second = web.song_ids()[:2]
    found = web.get(f"/tracks?ids={second},{NOBODY},{first}").json["tracks"]
    assert [track and track["id"] for track in found] == [second, None, first]
    assert found[0]["external_ids"] == {"isrc": "USSM10000001"}
    assert found[0]["album"]["name"] == "Illmatic"
    assert found[0]["popularity"] >= 0


@pytest.mark.parametrize(("name", "most"), [("tracks", 50), ("artists", 50), ("albums", 20), ("audio-features", 100)])
def test_as_many_ids_as_the_web_api_takes(name: str, most: int):
    web = Web()
    assert web.get(f"/{name}?ids=" + ",".join([NOBODY] * most)).json == {name.replace("-", "_"): [None] * most}
    assert web.get(f"/{name}?ids=" + ",".join([NOBODY] * (most + 1))).status == 400
    assert web.get(f"/{name}?ids=short").status == 400
    assert web.get(f"/{name}").status == 400
    assert Web(mode=Mode.DEVELOPMENT).get(f"/{name}?ids={NOBODY}").status == 403


@pytest.mark.parametrize("kind", ["tracks", "albums", "artists"])
def test_one_thing(kind: str):
    web = Web()
    known = {"tracks": web.catalogue.songs, "albums": web.catalogue.albums, "artists": web.catalogue.artists}[kind]
    id_ = next(iter(known))
    assert web.get(f"/{kind}/{id_}").json["id"] == id_
    assert web.get(f"/{kind}/{NOBODY}").status == 404
    assert web.get(f"/{kind}/no-id").status == 400


def test_an_album_is_paged():
    web = Web()
    album = next(iter(web.catalogue.albums))
    first = web.get(f"/albums/{album}/tracks?limit=50").json
    assert (len(first["items"]), first["total"], first["previous"]) == (50, 60, None)
    second = web.ask(first["next"].removeprefix("http://127.0.0.1:1")).json
    assert (len(second["items"]), second["next"], second["offset"]) == (10, None, 50)
    assert [track["track_number"] for track in first["items"] + second["items"]] == list(range(1, 61))
    assert web.get(f"/albums/{album}").json["tracks"]["total"] == 60
    assert web.get(f"/albums/{album}/tracks?limit=51").status == 400
    assert web.get(f"/albums/{NOBODY}/tracks").status == 404


def test_the_albums_of_an_artist_and_of_a_guest():
    web = Web(from_rows([CatalogueRow("Nas", f"Song {n}", f"Album {n}", 1990 + n) for n in range(15)] + [
        CatalogueRow("AZ feat. Nas", "Rather Unique", "Doe or Die", 1995),
    ]))  # fmt: skip
    nas = next(artist.id for artist in web.catalogue.artists.values() if artist.name == "Nas")
    found = web.get(f"/artists/{nas}/albums?limit=50").json
    assert found["total"] >= 16
    assert found["items"][-1]["album_group"] == "appears_on"
    own = web.get(f"/artists/{nas}/albums?limit=50&include_groups=album,single").json
    assert "appears_on" not in {album["album_group"] for album in own["items"]}
    assert web.get(f"/artists/{nas}/albums?include_groups=tape").status == 400


def test_development_mode_has_smaller_pages_and_fewer_fields():
    web = Web(mode=Mode.DEVELOPMENT)
    nas = web.get("/search?type=artist&q=nas&limit=10").json["artists"]["items"][0]
    assert web.get(f"/artists/{nas['id']}/albums?limit=11").json["error"] == {"status": 400, "message": "Invalid limit"}
    assert web.get("/search?type=track&q=nas&limit=11").json["error"]["message"] == "Invalid limit"
    assert Web().get("/search?type=track&q=nas&limit=50").status == 200
    assert Web().get("/search?type=track&q=nas&limit=51").status == 400
    track = web.get(f"/tracks/{web.song_ids()[0]}").json
    album = web.get(f"/albums/{track['album']['id']}").json
    for thing in (nas, track, track["album"], album, album["tracks"]["items"][0]):
        assert not set(GONE) & thing.keys()
    assert track["external_ids"]["isrc"]
    assert len(web.get(f"/albums/{album['id']}/tracks?limit=50").json["items"]) == 50


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ('artist:"E-40" track:"Tell Me When to Go"', "Tell Me When to Go"),
        ("track:tell me when artist:too short", "Tell Me When to Go"),
        ("currensy breakfast", "Breakfast"),
        ("andre 3000 hey ya", "Hey Ya!"),
        ("isrc:USSM10000007", "Verse 7"),
        ("album:Illmatic track:verse 12", "Verse 12"),
        ("breakfast with nobody else", None),
        ("artist:Nobody track:Nothing", None),
        ("isrc:XX", None),
    ],
)
def test_search(query: str, name: str | None):
    found = Web().get(f"/search?type=track&limit=10&q={quote(query)}").json["tracks"]
    assert (found["items"][0]["name"] if found["items"] else None) == name
    assert (found["total"] > 0) is (name is not None)


def test_search_gives_neighbours_of_what_is_absent():
    found = Web().get("/search?type=track&q=nas%20nothing").json["tracks"]
    assert {track["artists"][0]["name"] for track in found["items"]} == {"Nas"}


def test_search_for_several_types_and_further_pages():
    web = Web()
    found = web.get("/search?type=album,artist&q=illmatic").json
    assert (found["albums"]["total"], found["artists"]["total"]) == (1, 0)
    first = web.get("/search?type=track&q=verse&limit=50").json["tracks"]
    rest = web.ask(first["next"].removeprefix("http://127.0.0.1:1")).json["tracks"]
    assert len({track["id"] for track in first["items"] + rest["items"]}) == 60
    for words in (
        "type=track",
        "q=nas",
        "type=show&q=nas",
        "type=track&q=nas&offset=1000",
        "type=track&q=nas&offset=x",
    ):
        assert web.get(f"/search?{words}").status == 400


def test_what_is_not_there():
    web = Web()
    assert web.get("/shows").status == 404
    assert web.ask("/other").status == 404
    assert web.ask("/v1/tracks?ids=x", "DELETE").status == 405


def test_a_year_of_five_digits_is_not_a_year():
    web = Web(from_rows([CatalogueRow("Nas", "Halftime", "Illmatic", 19_945)]))
    album = web.get("/search?type=album&q=illmatic").json["albums"]["items"][0]
    assert album["release_date_precision"] in {"year", "month", "day"}
    assert len(album["release_date"].split("-")[0]) == 4
