"""How many requests a new track costs: the planner against a generated Web API of the team's size.

    python benchmarks/spotify_planning.py [--tracks 57718] [--artists 441] [--seed 1]

Nothing is sent. The catalogue is made: artists of very different sizes, albums with deluxe editions that repeat them,
singles that repeat one of their songs, a share of wanted tracks that Spotify does not have, spelling that differs.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.model import (
    Album,
    ApiRequest,
    ApiResponse,
    Artist,
    Endpoint,
    Mode,
    Outcome,
    Rejection,
    Track,
    TrackQuery,
)
from boombap.spotify.scheduling.estimate import ArtistShare, Profile, estimate
from boombap.spotify.scheduling.scheduler import RequestScheduler
from suite.measure import machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORDS = """night city money love gold street dream fire king heart rain smoke crown light road blood sun moon steel
ghost river stone paper glass summer winter block corner mirror shadow engine letter silver thunder velvet hunger"""
_ABSENT = 0.05
_ON_SPOTIFY_ONLY = 0.15
_MISSPELT = 0.05


class Catalogue(NamedTuple):
    """What the made Web API knows, and what is wanted of it."""

    artists: dict[str, Artist]
    albums: dict[str, list[Album]]
    tracks: dict[str, list[Track]]
    wanted: list[TrackQuery]

    def by_id(self) -> dict[str, Track]:
        """Give every track by its id."""
        return {track.id or "": track for tracks in self.tracks.values() for track in tracks}


def make(artists: int, tracks: int, seed: int) -> Catalogue:
    """Make artists with albums, deluxe editions and singles, and a table that wants most of their songs."""
    chance, words = random.Random(seed), _WORDS.split()
    made = Catalogue({}, {}, {}, [])
    weights = [chance.lognormvariate(0, 0.7) for _ in range(artists)]
    for at, weight in enumerate(weights):
        artist = Artist(f"artist{at:016d}", f"{chance.choice(words)} {chance.choice(words)} {at}".title())
        made.artists[artist.id or ""] = artist
        _fill(made, artist, max(1, round(tracks * weight / sum(weights))), chance)
    return made._replace(wanted=made.wanted[:tracks])


def _fill(made: Catalogue, artist: Artist, wanted: int, chance: random.Random) -> None:
    songs = list(_songs(round(wanted * (1 - _ABSENT) / (1 - _ON_SPOTIFY_ONLY)), chance))
    albums = made.albums.setdefault(artist.id or "", [])
    at = 0
    while at < len(songs):
        size = min(len(songs) - at, chance.choice((1, 5, 8, 12, 14, 16, 18, 20)))
        part = songs[at : at + size]
        at += size
        _release(made, artist, part, "album" if size > 1 else "single", part[0])
        if size > 8 and chance.random() < 0.25:
            _release(made, artist, part + list(_songs(3, chance)), "album", f"{part[0]} (Deluxe)")
        for song in part[: chance.randint(0, 3) if size > 1 else 0]:
            _release(made, artist, [song], "single", song)
    chance.shuffle(albums)
    present = [song for song in songs if chance.random() > _ON_SPOTIFY_ONLY][:wanted]
    absent = [f"Unreleased {song}" for song in songs][: wanted - len(present)]
    for song in present + absent:
        title = song[:-2] + song[-1] if chance.random() < _MISSPELT else song
        made.wanted.append(TrackQuery(len(made.wanted) + 1, artist.name, title))


def _songs(count: int, chance: random.Random) -> Iterator[str]:
    words = _WORDS.split()
    for _ in range(count):
        yield " ".join(chance.choice(words) for _ in range(chance.randint(2, 4))).title()


def _release(made: Catalogue, artist: Artist, songs: Sequence[str], kind: str, name: str) -> None:
    album = Album(f"album{len(made.tracks):017d}", name, "2020-01-01", kind, len(songs))
    made.albums[artist.id or ""].append(album)
    made.tracks[album.id or ""] = [
        Track(f"{(album.id or '')[5:15]}{at:012d}"[-22:] + (album.id or "")[-7:], song, (artist,), duration_ms=180_000)
        for at, song in enumerate(songs)
    ]


class WebApi:
    """Answers asks from a catalogue, as both modes do."""

    def __init__(self, catalogue: Catalogue, mode: Mode) -> None:
        self.requests: Counter[Endpoint] = Counter()
        self._catalogue = catalogue
        self._mode = mode
        self._by_id = catalogue.by_id()
        self._by_name = {f'artist:"{artist.name}"': artist for artist in catalogue.artists.values()}
        self._by_title: dict[str, list[Track]] = defaultdict(list)
        for track in self._by_id.values():
            for query in (
                f'track:"{track.name}" artist:"{track.artists[0].name}"',
                f"{track.name} {track.artists[0].name}",
            ):
                self._by_title[query].append(track)

    def answer(self, ask: ApiRequest) -> ApiResponse | Rejection:
        """Answer one ask."""
        self.requests[ask.endpoint] += 1
        page = slice(ask.offset, ask.offset + ask.limit)
        if ask.endpoint is Endpoint.TRACKS:
            if self._mode is Mode.DEVELOPMENT:
                return Rejection.FORBIDDEN
            return ApiResponse(tracks=tuple(self._by_id.get(id_) for id_ in ask.ids))
        if ask.endpoint is Endpoint.TRACK:
            track = self._by_id.get(ask.ids[0])
            return ApiResponse(tracks=(track,)) if track else Rejection.NOT_FOUND
        if ask.endpoint is Endpoint.SEARCH_ARTISTS:
            found = self._by_name.get(ask.query)
            return ApiResponse(artists=(found,) if found else ())
        if ask.endpoint is Endpoint.ARTIST_ALBUMS:
            albums = self._catalogue.albums[ask.ids[0]]
            return ApiResponse(albums=tuple(albums[page]), total=len(albums))
        if ask.endpoint is Endpoint.ALBUM_TRACKS:
            tracks = self._catalogue.tracks[ask.ids[0]]
            return ApiResponse(tracks=tuple(tracks[page]), total=len(tracks))
        return ApiResponse(tracks=tuple(self._by_title.get(ask.query, ())[:10]))


def run(wanted: Sequence[TrackQuery], api: WebApi, mode: Mode, chunk: int = 500) -> Counter[Outcome]:
    """Drive the planner to the end, as the pipeline does, without HTTP."""
    scheduler, outcomes, now_s = RequestScheduler(mode), Counter[Outcome](), 0.0
    chunks = iter([wanted[at : at + chunk] for at in range(0, len(wanted), chunk)])
    waiting, is_finished = 0, False
    while not (is_finished and scheduler.is_idle):
        while waiting < 4_000 and not is_finished:
            if part := next(chunks, None):
                scheduler.add(part, now_s)
                waiting += len(part)
            else:
                scheduler.finish()
                is_finished = True
        now_s += 0.05
        for ask in scheduler.next_requests(20, now_s):
            matches = scheduler.answer(ask, api.answer(ask)).matches
            waiting -= len(matches)
            outcomes.update(match.outcome for match in matches)
    return outcomes


def main() -> None:
    """Print requests a track for both modes."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tracks", type=int, default=57_718)
    parser.add_argument("--artists", type=int, default=441)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    catalogue = make(words.artists, words.tracks, words.seed)
    known = [
        TrackQuery(key, track.artists[0].name, track.name, track.id)
        for key, track in enumerate(list(catalogue.by_id().values())[: words.tracks], 1)
    ]
    print(machine())
    sizes = tuple(Counter(one.artist for one in catalogue.wanted).values())
    print(
        f"{len(catalogue.wanted)} wanted tracks of {len(sizes)} artists, {len(catalogue.by_id())} on Spotify (made)\n"
    )
    for name, tracks, mode in (
        ("names, development", catalogue.wanted, Mode.DEVELOPMENT),
        ("names, extended", catalogue.wanted, Mode.EXTENDED),
        ("known ids, development", known, Mode.DEVELOPMENT),
        ("known ids, extended", known, Mode.EXTENDED),
    ):
        api = WebApi(catalogue, mode)
        begun_s = time.perf_counter()
        outcomes = run(tracks, api, mode)
        took_s = time.perf_counter() - begun_s
        total = api.requests.total()
        print(
            f"{name:<24}{total:>8} requests {total / len(tracks):>7.3f} per track {took_s / len(tracks) * 1e6:>6.0f} us"
        )
        print("    " + ", ".join(f"{kind.name.lower()} {count}" for kind, count in api.requests.most_common()))
        print("    " + ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common()))
    told = estimate(Profile(tuple(map(ArtistShare, sizes)), 0), Mode.DEVELOPMENT, quota_per_day=1_000)
    print(f"\nestimate before anything is spent: {told.requests} requests, {told.days:.1f} days at 1,000 per day")


if __name__ == "__main__":
    main()
