"""The answers against the OpenAPI description of the Web API."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft4Validator

from boombap.spotify.model import Mode
from spotify.emulate.web import Web

DATA = Path(os.environ.get("BOOMBAP_DATA") or Path(__file__).parents[4] / "shared" / "data")
FILE = DATA / "spotify" / "web-api-openapi.yml"


@pytest.mark.skipif(not FILE.exists(), reason="needs the OpenAPI description, see BOOMBAP_DATA")
@pytest.mark.parametrize("mode", Mode)
def test_answers_are_as_described(mode: Mode):
    web = Web(mode=mode)
    song = web.catalogue.songs[web.song_ids()[0]]
    paths = {
        "/tracks/{id}": f"/tracks/{song.id}",
        "/albums/{id}": f"/albums/{song.album_id}",
        "/artists/{id}": f"/artists/{song.artist_ids[0]}",
        "/albums/{id}/tracks": f"/albums/{song.album_id}/tracks?limit=5&offset=5",
        "/artists/{id}/albums": f"/artists/{song.artist_ids[0]}/albums",
        "/search": "/search?type=track,artist,album&q=nas",
    }
    if mode is Mode.EXTENDED:
        paths |= {
            "/tracks": f"/tracks?ids={song.id}",
            "/albums": f"/albums?ids={song.album_id}",
            "/artists": f"/artists?ids={song.artist_ids[0]}",
            "/audio-features": f"/audio-features?ids={song.id}",
        }
    for described, path in paths.items():
        got = web.get(path)
        assert got.status == 200, path
        errors = [
            f"{list(error.path)}: {error.message[:200]}" for error in validator(described, mode).iter_errors(got.json)
        ]
        assert not errors, path


@pytest.mark.skipif(not FILE.exists(), reason="needs the OpenAPI description, see BOOMBAP_DATA")
def test_the_description_finds_what_is_wrong():
    web = Web()
    track = web.get(f"/tracks/{web.song_ids()[0]}").json
    del track["album"]["images"]
    assert not validator("/tracks/{id}", Mode.EXTENDED).is_valid(track)


@cache
def validator(path: str, mode: Mode) -> Draft4Validator:
    description = read(mode)
    answer = description["paths"][path]["get"]["responses"]["200"]["$ref"].rpartition("/")[2]
    schema = description["components"]["responses"][answer]["content"]["application/json"]["schema"]
    return Draft4Validator(schema | {"components": description["components"]})


@cache
def read(mode: Mode) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), Loader=loader)
    make_plain(found["components"], mode)
    return found


def make_plain(node: Any, mode: Mode) -> None:
    """OpenAPI's `nullable` in the words of JSON Schema; what development mode leaves out is not required there."""
    if isinstance(node, list):
        for entry in node:
            make_plain(entry, mode)
    if not isinstance(node, dict):
        return
    if node.pop("nullable", False) is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    if mode is Mode.DEVELOPMENT and isinstance(node.get("required"), list):
        gone = {"popularity", "available_markets", "linked_from", "label", "followers"}
        node["required"] = [name for name in node["required"] if name not in gone] or ["type"]
    for entry in node.values():
        make_plain(entry, mode)
