"""The Web API's JSON answers to values of the model; pure.

Answers are taken as they come: nulls, fewer entries, another order, missing fields. An entry that cannot be read costs
that entry only; an answer that is not a JSON object (HTML from a proxy, a cut body) is `Unavailable` and requested
again. So is a page of which no entry can be read: it does not prove that nothing was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from boombap.errors import Unavailable
from boombap.spotify.model import Album, ApiResponse, Artist, Endpoint, Track

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeVar

    from boombap.spotify.model import ApiRequest

    T = TypeVar("T")

_SHOWN_BYTES = 40


class Decoded(NamedTuple):
    """A response, and the requested ids for which it holds nothing that can be read.

    Attributes:
        broken: these ids stand as None in the reply; unlike those that Spotify does not know, they prove nothing.
    """

    response: ApiResponse
    broken: frozenset[str] = frozenset()


class _UnreadableError(Exception):
    """An entry lacks what every entry has."""


def decode(request: ApiRequest, body: bytes) -> Decoded:
    """Return what an answer with status 200 says.

    Raises:
        Unavailable: when the body is not a JSON object with the list that belongs to the question, or no entry of a
            page can be read; after a filtered search the plain one follows anyway.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _garbled(request, body) from None
    if type(document) is not dict:
        raise _garbled(request, body)
    try:
        return _READERS[request.endpoint](request, document)
    except _UnreadableError:
        raise _garbled(request, body) from None


def track(value: Any, requested_id: str | None = None) -> Track:  # noqa: ANN401 - decoded JSON
    """Return one track.

    Raises:
        _UnreadableError: when it has no name, or an id or artists of another type.
    """
    if type(value) is not dict:
        raise _UnreadableError
    get = value.get
    name, album_, origin = get("name"), get("album"), get("linked_from")
    if type(name) is not str:
        raise _UnreadableError
    if requested_id is None and type(origin) is dict:
        requested_id = _text(origin.get("id"))
    external = get("external_ids")
    isrc = external.get("isrc") if type(external) is dict else None
    return Track(
        _id(get("id")),
        name,
        tuple([artist(entry) for entry in _list(get("artists", []))]),
        album(album_) if type(album_) is dict else None,
        _number(get("duration_ms")),
        explicit if type(explicit := get("explicit")) is bool else None,
        isrc.replace("-", "").upper() if type(isrc) is str and isrc else None,
        _number(get("popularity")),
        get("is_local") is True,
        _number(get("track_number")),
        _number(get("disc_number")),
        _text(get("preview_url")),
        requested_id,
    )


def album(value: Any) -> Album:  # noqa: ANN401 - decoded JSON
    """Return one album; its name may be empty.

    Raises:
        _UnreadableError: when it is none.
    """
    if type(value) is not dict:
        raise _UnreadableError
    get = value.get
    return Album(
        _id(get("id")),
        _text(get("name")) or "",
        _text(get("release_date")),
        _text(get("album_type")),
        _number(get("total_tracks")),
    )


def artist(value: Any) -> Artist:  # noqa: ANN401 - decoded JSON
    """Return one artist.

    Raises:
        _UnreadableError: when it has no name.
    """
    if type(value) is not dict or type(name := value.get("name")) is not str:
        raise _UnreadableError
    return Artist(_id(value.get("id")), name)


def _several_tracks(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    tracks, broken = _by_id(
        request.ids, _list(document.get("tracks")), track, lambda entry: entry.requested_id or entry.id
    )
    answered = zip(request.ids, tracks, strict=True)
    return Decoded(ApiResponse(tracks=tuple([_relinked(entry, id_) for id_, entry in answered])), broken)


def _relinked(track_: Track | None, asked_id: str) -> Track | None:
    return track_ if track_ is None or track_.id == asked_id else track_._replace(requested_id=asked_id)


def _several_albums(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    albums, broken = _by_id(request.ids, _list(document.get("albums")), album, lambda entry: entry.id)
    return Decoded(ApiResponse(albums=tuple(albums)), broken)


def _several_artists(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    artists, broken = _by_id(request.ids, _list(document.get("artists")), artist, lambda entry: entry.id)
    return Decoded(ApiResponse(artists=tuple(artists)), broken)


def _by_id(
    ids: Sequence[str], entries: Sequence[Any], read: Callable[[Any], T], id_of: Callable[[T], str | None]
) -> tuple[list[T | None], frozenset[str]]:
    """Return for each id its entry, and the ids for which there is none that can be read.

    By id, because an answer may be shorter or in another order; where it is as long as the question, by place: relinked
    tracks come under another id, and development mode does not say from which one.
    """
    has_places = len(entries) == len(ids)
    by_id: dict[str | None, T] = {}
    by_place: list[T | None] = []
    broken = set()
    for place, entry in enumerate(entries):
        try:
            item = None if entry is None else read(entry)
        except _UnreadableError:
            item = None
            broken |= {ids[place]} if has_places else set()
        by_place.append(item)
        if item is not None:
            by_id[id_of(item)] = item
    if has_places:
        asked = set(ids)
        strangers = [item if item is not None and id_of(item) not in asked else None for item in by_place]
        items = [by_id.get(id_) or strangers[place] for place, id_ in enumerate(ids)]
    else:
        items = [by_id.get(id_) for id_ in ids]
        broken = {id_ for id_, item in zip(ids, items, strict=True) if item is None}
    return items, frozenset(broken - by_id.keys())


def _one_track(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    track_ = _relinked(track(document), request.ids[0])
    return Decoded(ApiResponse(tracks=(track_,)))


def _track_page(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    return Decoded(ApiResponse(tracks=_items(request, document, track), total=_number(document.get("total"))))


def _album_page(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    return Decoded(ApiResponse(albums=_items(request, document, album), total=_number(document.get("total"))))


def _found_tracks(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    return _track_page(request, _page(document.get("tracks")))


def _found_artists(request: ApiRequest, document: Mapping[str, Any]) -> Decoded:
    page = _page(document.get("artists"))
    return Decoded(ApiResponse(artists=_items(request, page, artist), total=_number(page.get("total"))))


_READERS: Mapping[Endpoint, Callable[[ApiRequest, Mapping[str, Any]], Decoded]] = {
    Endpoint.TRACKS: _several_tracks,
    Endpoint.ALBUMS: _several_albums,
    Endpoint.ARTISTS: _several_artists,
    Endpoint.TRACK: _one_track,
    Endpoint.ALBUM_TRACKS: _track_page,
    Endpoint.ARTIST_ALBUMS: _album_page,
    Endpoint.SEARCH_TRACKS: _found_tracks,
    Endpoint.SEARCH_ARTISTS: _found_artists,
}


def _items(request: ApiRequest, page: Mapping[str, Any], read: Callable[[Any], T]) -> tuple[T, ...]:
    """Return the entries of a page that can be read; a candidate that cannot be read is none.

    Raises:
        _UnreadableError: none of several can be, and the answer is the last word.
    """
    items, entries = [], _list(page.get("items"))
    for entry in entries:
        try:
            items.append(read(entry))
        except _UnreadableError:
            continue
    if entries and not items and not request.has_filters:
        raise _UnreadableError
    return tuple(items)


def _page(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - decoded JSON
    if type(value) is not dict:
        raise _UnreadableError
    return value


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - decoded JSON
    if type(value) is not list:
        raise _UnreadableError
    return value


def _id(value: Any) -> str | None:  # noqa: ANN401 - decoded JSON
    if value is None or type(value) is str:
        return value or None
    raise _UnreadableError


def _text(value: Any) -> str | None:  # noqa: ANN401 - decoded JSON
    return value if type(value) is str else None


def _number(value: Any) -> int | None:  # noqa: ANN401 - decoded JSON
    return value if type(value) is int else None


def _garbled(request: ApiRequest, body: bytes) -> Unavailable:
    shown = body[:_SHOWN_BYTES].decode("ascii", "backslashreplace")
    return Unavailable(f"the answer to {request.endpoint} is not what the Web API sends: {shown!r}…")
