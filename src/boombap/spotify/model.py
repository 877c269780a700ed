"""What flows through the processor: a track that is wanted, what Spotify says, and which of both belong together.

Values are named tuples: the pipeline makes a dozen per track, and one costs 0.3 us where a frozen dataclass costs
1.5 us.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple

CHOSEN = "chosen"
"""The reason of a match that a person chose (`spotify choose`); the queries have it too."""
STORED = "stored"
"""The last reason of a match with a track that the tables have, for which Spotify was not asked."""


class Priority(IntEnum):
    """Who goes first when the quota is short; the lowest number."""

    ASKED = 0
    REFRESH = 1
    BACKFILL = 2


class Mode(StrEnum):
    """How an app may ask: several ids at once in extended quota, one by one in development mode (since March 2026)."""

    EXTENDED = "extended"
    DEVELOPMENT = "development"


class Outcome(StrEnum):
    """What became of a wanted track."""

    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"
    NOT_FOUND = "not_found"
    LOCAL_ONLY = "local_only"
    FAILED = "failed"


class Shard(NamedTuple):
    """One of several equal parts of the table; which part a row is in depends on its id alone.

    Attributes:
        number: from 1 to `total`.
        total: of all parts.
    """

    number: int = 1
    total: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"


class TrackQuery(NamedTuple):
    """A track of the catalogue for which metadata is wanted.

    Attributes:
        key: the row in `tracks`, or the line of a file, counted from 1.
        spotify_id: known already, so that no search is needed.
        isrc: twelve characters without hyphens (ISO 3901).
        album_id: known from an earlier answer, so that development mode may ask for the whole album at once.
    """

    key: int
    artist: str
    title: str
    spotify_id: str | None = None
    isrc: str | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    priority: Priority = Priority.BACKFILL
    album_id: str | None = None

    @property
    def is_searchable(self) -> bool:
        """Tell whether a search can find it: by artist and title, or by its ISRC."""
        return bool((self.artist and self.title) or self.isrc)


class Artist(NamedTuple):
    """An artist as a track names it; local files have no id."""

    id: str | None
    name: str


class Album(NamedTuple):
    """An album as a track names it.

    Attributes:
        release_date: with the precision that Spotify has: year, year-month or year-month-day.
    """

    id: str | None
    name: str
    release_date: str | None = None
    kind: str | None = None
    total_tracks: int | None = None


class Track(NamedTuple):
    """A track as Spotify describes it; what development mode leaves out is None.

    Attributes:
        id: 22 characters of base 62; None for local files.
        requested_id: the id that was asked for, where Spotify answered with a relinked track under another one.
    """

    id: str | None
    name: str
    artists: tuple[Artist, ...]
    album: Album | None = None
    duration_ms: int | None = None
    explicit: bool | None = None
    isrc: str | None = None
    popularity: int | None = None
    is_local: bool = False
    track_number: int | None = None
    disc_number: int | None = None
    preview_url: str | None = None
    requested_id: str | None = None


class Match(NamedTuple):
    """The verdict about one wanted track.

    Attributes:
        track: what was found; for `ambiguous` the best of several, which is not stored as the answer.
        score: 0 to 1.
        margin: by how much the runner-up scored less; None without a runner-up.
        reasons: codes of what spoke for or against, in the order of their weight.
    """

    wanted: TrackQuery
    outcome: Outcome
    track: Track | None = None
    score: float = 0.0
    margin: float | None = None
    reasons: tuple[str, ...] = ()


class Endpoint(StrEnum):
    """Which question is put to the Web API; the path of each."""

    TRACKS = "/tracks"
    ALBUMS = "/albums"
    ARTISTS = "/artists"
    TRACK = "/tracks/{id}"
    ALBUM_TRACKS = "/albums/{id}/tracks"
    ARTIST_ALBUMS = "/artists/{id}/albums"
    SEARCH_ARTISTS = "/search?type=artist"
    SEARCH_TRACKS = "/search?type=track"


class ApiRequest(NamedTuple):
    """One request that is worth its quota; equal ones are the same request, and only one of them is ever in flight.

    Attributes:
        ids: what goes into `ids=` of TRACKS, ALBUMS and ARTISTS, or the one id of the path; empty for searches.
        query: what goes into `q=` of a search, not yet encoded; empty for the others.
        limit: what goes into `limit=` where the endpoint has pages; 0 where it has none.
        offset: what goes into `offset=`.
        groups: what goes into `include_groups=` of ARTIST_ALBUMS.
        priority: of the most pressing track that waits for the answer.
    """

    endpoint: Endpoint
    ids: tuple[str, ...] = ()
    query: str = ""
    limit: int = 0
    offset: int = 0
    groups: str = ""
    priority: Priority = Priority.BACKFILL

    @property
    def has_filters(self) -> bool:
        """Tell whether it searches for a title in its field; where that finds nothing, a plain search follows."""
        return self.endpoint is Endpoint.SEARCH_TRACKS and self.query.startswith("track:")


class ApiResponse(NamedTuple):
    """The decoded response to a request; only the field that belongs to its endpoint is filled.

    Attributes:
        tracks: for TRACKS in the order of the ids, None where Spotify does not know one; for TRACK the one; for
            ALBUM_TRACKS and SEARCH_TRACKS the page. Tracks of an album page may lack `album`.
        albums: for ALBUMS and ARTIST_ALBUMS, likewise.
        artists: for ARTISTS and SEARCH_ARTISTS, likewise.
        total: of all pages; None where the endpoint has none.
    """

    tracks: tuple[Track | None, ...] = ()
    albums: tuple[Album | None, ...] = ()
    artists: tuple[Artist | None, ...] = ()
    total: int | None = None


class Rejection(StrEnum):
    """Why a request has no response: unknown (404, or 400 for an id), not for this app (403), given up."""

    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    FAILED = "failed"
