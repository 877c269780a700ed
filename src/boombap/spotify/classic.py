"""The plain way to fill in Spotify's metadata: one search and one UPDATE per track, one after the other.

What it cannot know: other spellings, guests, versions and lengths. Only a track of exactly the wanted names, in any
case, is a match; the first of other answers is `AMBIGUOUS`, which nobody stores. It takes no leases and keeps no rate
limit of its own: a second run at the same time asks the same, and a 429 ends the run.
"""

from __future__ import annotations

import base64
import json
import urllib.request
from contextlib import closing
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

import psycopg2
from psycopg2.extras import Json

from boombap.clients.postgres.errors import connecting, running
from boombap.errors import AccessDenied, Disconnected, RetryLater, Unavailable, Unreachable
from boombap.spotify.model import Album, Artist, Match, Outcome, Track, TrackQuery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from boombap.clients.postgres.target import Target
    from boombap.config.secret import Secret
    from boombap.errors import BoombapError
    from boombap.interrupt import Interrupt

_TIMEOUT_S = 20
_MOST_BYTES = 8 * 1024 * 1024
_LIMITED, _SERVER_ERROR, _LATER_S = 429, 500, 60.0
_SELECT = "SELECT id, artist, title FROM tracks WHERE spotify_data IS NULL ORDER BY id LIMIT %s"
_UPDATE = "UPDATE tracks SET spotify_data = %s WHERE id = %s AND spotify_data IS NULL"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes to nobody but the server that was configured."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def access_token(accounts_url: str, client_id: str, client_secret: Secret) -> str:
    """Return a token of the app.

    Raises:
        ExternalError: when it is refused, or nobody answers.
    """
    pair = base64.b64encode(f"{client_id}:{client_secret.reveal()}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    token: str = _answer(f"{accounts_url}/api/token", headers, b"grant_type=client_credentials")["access_token"]
    return token


def search(base_url: str, token: str, wanted: TrackQuery) -> Match:
    """Return the verdict about one track after one search; errors are those of `candidates`."""
    tracks = candidates(base_url, token, wanted)
    for track in tracks:
        names = [artist.name.casefold() for artist in track.artists]
        if track.id and track.name.casefold() == wanted.title.casefold() and wanted.artist.casefold() in names:
            return Match(wanted, Outcome.MATCHED, track, 1.0, reasons=("title", "artist"))
    if not tracks:
        return Match(wanted, Outcome.NOT_FOUND)
    return Match(wanted, Outcome.AMBIGUOUS, tracks[0], reasons=("other_names",))


def candidates(base_url: str, token: str, wanted: TrackQuery) -> tuple[Track, ...]:
    """Return what one search for a track finds.

    Raises:
        RetryLater: at the rate limit.
        ExternalError: when the request is refused, or nobody answers.
    """
    query = urlencode({"q": f"track:{wanted.title} artist:{wanted.artist}", "type": "track", "limit": 10})
    answer = _answer(f"{base_url}/search?{query}", {"Authorization": f"Bearer {token}"})
    try:
        return tuple(_track(item) for item in answer["tracks"]["items"] if item)
    except (KeyError, TypeError, AttributeError):
        raise Unavailable("the answer to a search is not a page of tracks", hint="check spotify.base_url") from None


def fill(target: Target, base_url: str, token: str, interrupt: Interrupt, limit: int) -> Iterator[Match]:
    """Yield the verdict about each row that has nothing yet, after it was written; a match only is written.

    Raises:
        RetryLater: at the rate limit; what was written stays.
        ExternalError: when a server fails.
    """
    password: dict[str, Any] = {"password": target.password.reveal()} if target.password else {}
    with connecting(target):
        connection = psycopg2.connect(**{**target.parameters, **password})
    connection.autocommit = True
    with closing(connection), running(target, interrupt), connection.cursor() as cursor:
        cursor.execute(_SELECT, (limit,))
        for key, artist, title in cursor.fetchall():
            interrupt.check()
            match = search(base_url, token, TrackQuery(key, artist or "", title or ""))
            if match.outcome is Outcome.MATCHED and match.track:
                cursor.execute(_UPDATE, (Json(_document(match.track)), key))
            yield match


def _answer(url: str, headers: Mapping[str, str], body: bytes | None = None) -> Any:  # noqa: ANN401 - JSON
    place = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    request = urllib.request.Request(url, body, dict(headers))  # noqa: S310 - the configuration takes http and https only
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_S) as answer:
            return json.loads(answer.read(_MOST_BYTES))
    except HTTPError as error:
        with error:
            raise _refusal(error, place) from None
    except (HTTPException, ValueError) as error:
        raise Disconnected(f"{place} broke off its answer, or it is not JSON", hint="try again") from error
    except OSError:
        raise Unreachable(f"{place} could not be reached", hint="check the address and the network") from None


def _refusal(error: HTTPError, place: str) -> BoombapError:
    if error.code == _LIMITED:
        later = str(error.headers.get("Retry-After", ""))
        return RetryLater(f"{place} limits the rate", retry_after_s=float(later) if later.isdigit() else _LATER_S)
    if error.code >= _SERVER_ERROR:
        return Unavailable(f"{place} answered {error.code}", hint="try again later")
    return AccessDenied(f"{place} answered {error.code}", hint="check spotify.client_id and spotify.client_secret")


def _track(item: Mapping[str, Any]) -> Track:
    album, ids = item.get("album"), item.get("external_ids") or {}
    artists = tuple(Artist(artist.get("id"), artist["name"]) for artist in item["artists"])
    names = ("duration_ms", "explicit", "popularity", "track_number", "disc_number", "preview_url")
    return Track(
        item.get("id"),
        item["name"],
        artists,
        album and Album(*(album.get(name) for name in ("id", "name", "release_date", "album_type", "total_tracks"))),
        isrc=(ids.get("isrc") or "").replace("-", "").upper() or None,
        is_local=bool(item.get("is_local")),
        **{name: item.get(name) for name in names},
    )


def _document(track: Track) -> dict[str, object]:
    names = ("id", "name", "popularity", "duration_ms", "explicit")
    nested = {"artists": [artist._asdict() for artist in track.artists], "album": track.album and track.album._asdict()}
    return {**nested, **{name: getattr(track, name) for name in names}}
