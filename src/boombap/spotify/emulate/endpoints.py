"""What each endpoint under /v1 answers, with the limits of either mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

import orjson

from boombap.spotify.emulate.answers import Answers, page, several
from boombap.spotify.emulate.search import LONGEST_QUERY, MAX_RESULTS, Search
from boombap.spotify.model import Mode

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from boombap.spotify.emulate.catalogue import Catalogue
    from boombap.spotify.emulate.quirk import Quirk

_ONE = re.compile(r"/(tracks|albums|artists)/([^/]*)(?:/(tracks|albums))?")
_MAX_IDS = {"tracks": 50, "artists": 50, "albums": 20, "audio-features": 100}
_MAX_PAGE, _MAX_IN_DEVELOPMENT = 50, 10
_DEFAULT_PAGE, _DEFAULT_IN_DEVELOPMENT = 20, 5
_ID = re.compile(r"[0-9A-Za-z]{22}")
_GROUPS = "album,single,appears_on,compilation"


class Refused(Exception):
    """The question is answered with an error.

    Attributes:
        status: of HTTP.
        message: as the Web API words it.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Question(NamedTuple):
    """A request below /v1.

    Attributes:
        base_url: under which the asker knows the Web API, for links to further pages.
        parameters: of the query, the first of each name.
        quirks: of a search.
    """

    base_url: str
    path: str
    parameters: Mapping[str, str]
    quirks: Collection[Quirk] = ()


class Endpoints:
    """The Web API over one catalogue in one mode.

    Args:
        seed: of the quirks of a search.
    """

    def __init__(self, catalogue: Catalogue, mode: Mode, seed: int = 0) -> None:
        self._catalogue = catalogue
        self._is_development = mode is Mode.DEVELOPMENT
        self._answers = Answers(catalogue, mode)
        self._search = Search(catalogue, seed)
        self._one: dict[str, Callable[[str], bytes | None]] = {
            "tracks": self._answers.track,
            "albums": self._answers.album,
            "artists": self._answers.artist,
            "audio-features": self._answers.features,
        }

    def answer(self, question: Question) -> bytes:
        """Return the body of the answer.

        Raises:
            Refused: when the answer is an error.
        """
        name = question.path[1:]
        if name in _MAX_IDS:
            return self._several(name, question)
        if name == "search":
            return self._search_page(question)
        parts = _ONE.fullmatch(question.path)
        if not parts:
            raise Refused(404, "Service not found")
        kind, id_, list_ = parts.groups()
        if not _ID.fullmatch(id_):
            raise Refused(400, "Invalid base62 id")
        if (kind, list_) == ("albums", "tracks"):
            return self._album_tracks(id_, question)
        if (kind, list_) == ("artists", "albums"):
            return self._artist_albums(id_, question)
        body = None if list_ else self._one[kind](id_)
        if body is None:
            raise Refused(404, "Resource not found")
        return body

    def _several(self, name: str, question: Question) -> bytes:
        if self._is_development:
            raise Refused(403, "Forbidden")
        ids = question.parameters.get("ids", "").split(",")
        if len(ids) > _MAX_IDS[name]:
            raise Refused(400, "Too many ids requested")
        if not all(_ID.fullmatch(id_) for id_ in ids):
            raise Refused(400, "Invalid base62 id" if any(ids) else "Missing required field: ids")
        return several(name.replace("-", "_"), [self._one[name](id_) for id_ in ids])

    def _album_tracks(self, id_: str, question: Question) -> bytes:
        album = self._catalogue.albums.get(id_)
        if not album:
            raise Refused(404, "Resource not found")
        limit, offset = _bounds(question, _DEFAULT_PAGE, _MAX_PAGE)
        items = [self._answers.simple_track(song_id) for song_id in album.song_ids[offset : offset + limit]]
        return page(items, question.base_url + question.path, len(album.song_ids), limit, offset)

    def _artist_albums(self, id_: str, question: Question) -> bytes:
        artist = self._catalogue.artists.get(id_)
        if not artist:
            raise Refused(404, "Resource not found")
        limit, offset = self._page_bounds(question)
        groups = question.parameters.get("include_groups", _GROUPS)
        wanted = groups.split(",")
        if not set(wanted) <= set(_GROUPS.split(",")):
            raise Refused(400, "Invalid include_groups")
        album_ids = [*artist.album_ids, *artist.guest_album_ids]
        albums = [album_id for album_id in album_ids if self._answers.group(id_, album_id) in wanted]
        items = [self._answers.discography(id_, album_id) for album_id in albums[offset : offset + limit]]
        href = f"{question.base_url}{question.path}?include_groups={quote(groups, safe='')}"
        return page(items, href, len(albums), limit, offset)

    def _search_page(self, question: Question) -> bytes:
        text, types = question.parameters.get("q", ""), question.parameters.get("type", "")
        limit, offset = self._page_bounds(question)
        if not text.strip():
            raise Refused(400, "No search query")
        if len(text) > LONGEST_QUERY:
            raise Refused(400, f"Query exceeds maximum length of {LONGEST_QUERY} characters")
        if not types or not set(types.split(",")) <= {"track", "album", "artist"}:
            raise Refused(400, "Bad search type field")
        if offset + limit > MAX_RESULTS:
            raise Refused(400, "Invalid offset")
        show = {"track": self._answers.track, "album": self._answers.simple_album, "artist": self._answers.artist}
        pages = {}
        for type_ in types.split(","):
            ids = self._search.ids(type_, text, question.quirks)
            items = [show[type_](id_) for id_ in ids[offset : offset + limit]]
            href = f"{question.base_url}/search?q={quote(text, safe='')}&type={type_}"
            pages[f"{type_}s"] = orjson.Fragment(page(items, href, len(ids), limit, offset))
        return orjson.dumps(pages)

    def _page_bounds(self, question: Question) -> tuple[int, int]:
        if self._is_development:
            return _bounds(question, _DEFAULT_IN_DEVELOPMENT, _MAX_IN_DEVELOPMENT)
        return _bounds(question, _DEFAULT_PAGE, _MAX_PAGE)


def _bounds(question: Question, default: int, maximum: int) -> tuple[int, int]:
    limit, offset = question.parameters.get("limit", str(default)), question.parameters.get("offset", "0")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= maximum):
        raise Refused(400, "Invalid limit")
    if not (offset.isascii() and offset.isdigit()):
        raise Refused(400, "Invalid offset")
    return int(limit), int(offset[:9])
