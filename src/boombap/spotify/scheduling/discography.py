"""One artist's wanted tracks in development mode: the discography is read once, and what is wanted matched locally.

A search costs a request per track; an album page costs one for up to 50. So the artist is looked up, the list of
releases read, and then album after album, the longest first, for as long as one more is likely to hold at least one
track that is still wanted. A single is read only when it is named like a wanted track. The rest is searched for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boombap.spotify.matching.match import score_candidate
from boombap.spotify.matching.normalize import name_key, read_title, searchable
from boombap.spotify.matching.verdict import match_all
from boombap.spotify.model import ApiRequest, Endpoint, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from boombap.spotify.model import Album, ApiResponse, Match, Priority, Track, TrackQuery

ARTISTS_PAGE = 10
ALBUMS_PAGE = 10
TRACKS_PAGE = 50
GROUPS = "album,single,compilation"
_MOST_OPEN = 4
SHORT_RELEASE = 3  # singles carry one to three tracks, mostly versions of one song
# An album is worth its request when it will likely hold one wanted track: a search would cost as much.
_WORTH_HITS = 1.0
# Before anything was read: how many of the tracks that an artist released are wanted at most.
_MOST_RELEASES = 300


class DiscographyCrawl:
    """The state of one artist's crawl.

    Attributes:
        key: the artist, as `normalize.name_key` gives it.
        tracks: all that was read so far.
        priority: of the most pressing track; it may rise while the crawl goes on.
    """

    def __init__(self, key: str, wanted: Sequence[TrackQuery]) -> None:
        self.key = key
        self.tracks: list[Track] = []
        self._wanted = wanted
        self.priority: Priority = min(query.priority for query in wanted)
        self._ids = {query.spotify_id for query in wanted if query.spotify_id}
        self._titles: dict[str, list[int]] = {}
        for index, query in enumerate(wanted):
            self._titles.setdefault(read_title(query.title).key, []).append(index)
        self._missing = set(range(len(wanted)))
        self._requests = [self._first_request()]
        self._open: set[ApiRequest] = set()
        self._albums: list[Album] = []
        self._by_id: dict[str, Album] = {}
        self._read = 0
        self._hits = 0

    def next_requests(self, limit: int) -> list[ApiRequest]:
        """Return what to ask next; empty while responses are awaited, and when it is over."""
        limit = min(limit, _MOST_OPEN - len(self._open))
        given: list[ApiRequest] = []
        while len(given) < limit and (request := self._next()):
            given.append(request)
            self._open.add(request)
        return given

    @property
    def is_over(self) -> bool:
        """Nothing is open and nothing more is worth asking; `settle` gives the verdicts."""
        return not self._open and not self._requests and self._pick_album() is None

    def answer(self, request: ApiRequest, response: ApiResponse | Rejection) -> list[Track]:
        """Take a response and return the tracks that came with it."""
        self._open.discard(request)
        if isinstance(response, Rejection):
            return []
        if request.endpoint is Endpoint.SEARCH_ARTISTS:
            self._take_artist(artist.id for artist in response.artists if artist and name_key(artist.name) == self.key)
            return []
        if request.endpoint is Endpoint.ARTIST_ALBUMS:
            self._take_albums(request, response)
            return []
        return self._take_tracks(request, response)

    def settle(self) -> tuple[list[Match], list[TrackQuery]]:
        """Return the verdicts that the crawl allows, and what has to be asked for singly."""
        return match_all(self._wanted, self.tracks)

    def _first_request(self) -> ApiRequest:
        query = f'artist:"{searchable(self._wanted[0].artist)}"'
        return ApiRequest(Endpoint.SEARCH_ARTISTS, query=query, limit=ARTISTS_PAGE, priority=self.priority)

    def _next(self) -> ApiRequest | None:
        if self._requests:
            return self._requests.pop()
        if any(request.endpoint is not Endpoint.ALBUM_TRACKS for request in self._open):
            return None
        index = self._pick_album()
        if index is None:
            return None
        album = self._albums.pop(index)
        if (album.total_tracks or 0) > SHORT_RELEASE:
            self._skip_editions(read_title(album.name).key)
        return ApiRequest(Endpoint.ALBUM_TRACKS, (album.id or "",), limit=TRACKS_PAGE, priority=self.priority)

    def _take_artist(self, ids: Iterable[str | None]) -> None:
        # Of several artists of one name the first is the best known; the others' tracks are left to the search.
        artist_id = next((id_ for id_ in ids if id_), None)
        if artist_id:
            self._requests.append(self._albums_request(artist_id, 0))

    def _albums_request(self, artist_id: str, offset: int) -> ApiRequest:
        return ApiRequest(
            Endpoint.ARTIST_ALBUMS,
            (artist_id,),
            limit=ALBUMS_PAGE,
            offset=offset,
            groups=GROUPS,
            priority=self.priority,
        )

    def _take_albums(self, request: ApiRequest, response: ApiResponse) -> None:
        self._albums += [album for album in response.albums if album and album.id and album.id not in self._by_id]
        self._by_id.update((album.id, album) for album in response.albums if album and album.id)
        total = min(response.total or 0, _MOST_RELEASES)
        if request.offset == 0 and self._has_worthy_albums(total):
            self._requests += [
                self._albums_request(request.ids[0], offset) for offset in range(ALBUMS_PAGE, total, ALBUMS_PAGE)
            ]
        # The longest last, because the end is where the next one is taken from.
        self._albums.sort(key=lambda album: (album.total_tracks or 0, album.id or ""))

    def _has_worthy_albums(self, total: int) -> bool:
        """Tell by the first page whether albums are worth their requests; if not, a list of more is not either."""
        tracks = [album.total_tracks or 1 for album in self._albums]
        if not tracks:
            return False
        share = len(self._missing) / (total * sum(tracks) / len(tracks))
        return max(tracks) * share >= _WORTH_HITS

    def _skip_editions(self, key: str) -> None:
        """Leave out the shorter editions of an album: the longest one has their songs."""
        self._albums = [
            album
            for album in self._albums
            if (album.total_tracks or 0) <= SHORT_RELEASE or not key or read_title(album.name).key != key
        ]

    def _pick_album(self) -> int | None:
        """Return the place of the release that is most likely worth its request; None when none is."""
        if not self._missing or not self._albums:
            return None
        longest = self._albums[-1]
        if (longest.total_tracks or TRACKS_PAGE) > SHORT_RELEASE and self._expected(longest) >= _WORTH_HITS:
            return len(self._albums) - 1
        missing = {read_title(self._wanted[index].title).key for index in self._missing}
        return next((index for index, album in enumerate(self._albums) if read_title(album.name).key in missing), None)

    def _expected(self, album: Album) -> float:
        """Return how many wanted tracks a release likely holds: the share seen so far, or what is left over what is."""
        left = sum(release.total_tracks or 1 for release in self._albums)
        share = min(1.0, len(self._missing) / left)
        if self._read:
            # Later editions repeat earlier ones, so what was found so far weighs more than what is still wanted.
            share = min(share, (self._hits + 1) / self._read)
        return (album.total_tracks or TRACKS_PAGE) * share

    def _take_tracks(self, request: ApiRequest, response: ApiResponse) -> list[Track]:
        album = self._by_id.get(request.ids[0])
        tracks = [track if track.album else track._replace(album=album) for track in response.tracks if track]
        if response.total and request.offset + TRACKS_PAGE < response.total and tracks:
            self._requests.append(request._replace(offset=request.offset + TRACKS_PAGE))
        self.tracks += tracks
        self._read += len(tracks)
        before = len(self._missing)
        for track in tracks:
            self._strike(track)
        self._hits += before - len(self._missing)
        return tracks

    def _strike(self, track: Track) -> None:
        """Take what a track answers off the list."""
        for index in self._titles.get(read_title(track.name).key, ()):
            if index in self._missing and score_candidate(self._wanted[index], track).refused is None:
                self._missing.discard(index)
        if track.id in self._ids:
            self._missing -= {index for index in self._missing if self._wanted[index].spotify_id == track.id}
