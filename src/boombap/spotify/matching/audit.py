"""Which stored matches are wrong: every row is judged again from what is stored, without a request.

What earlier programs stored does not tell all: the flat shape has no title, and the migrated one copies title and
artist from the row itself. Three signals are combined. The names, where they are Spotify's own. The artist's id:
most rows of an artist carry the same one, and a row with another belongs to a host, a namesake or a stranger, which
`artist_profile` tells apart. And the track's id: under two titles it is wrong at least once. `UNCHECKED` is what none
of them contradicts and none confirms.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.catalogue.legacy_json import Shape, Unreadable, read_legacy
from boombap.spotify.matching.artist_profile import ArtistProfiles
from boombap.spotify.matching.match import ACCEPTED, score_candidate
from boombap.spotify.matching.normalize import name_key, read_credit, read_title
from boombap.spotify.matching.similarity import compare_artists, compare_titles, compare_versions
from boombap.spotify.model import CHOSEN, TrackQuery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from boombap.spotify.catalogue.legacy_json import LegacyTrack
    from boombap.spotify.matching.artist_profile import ArtistProfile
    from boombap.spotify.matching.normalize import Title
    from boombap.spotify.model import Track


class Verdict(StrEnum):
    """What an audit says of a stored match."""

    RIGHT = "right"
    CHOSEN = "chosen"
    UNCHECKED = "unchecked"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"
    SHARED = "shared"
    UNREADABLE = "unreadable"
    UNSTORED = "unstored"


QUARANTINED = frozenset({Verdict.WRONG, Verdict.SHARED, Verdict.UNREADABLE})
"""What `--apply` takes out of the table; a row that was right after all costs one request to find again."""


class Source(StrEnum):
    """Which table says what a row's track is."""

    DATA = "spotify_data"
    MATCHES = "spotify_matches"


class AuditRow(NamedTuple):
    """A row of `tracks` with an answer, its own or that of its match.

    Attributes:
        stored: the JSON text of `spotify_data`, or of what Spotify said about the match; None where no table has it.
        known: what Spotify itself said about the stored id, where the store has it.
        is_chosen: a person chose the stored id for this row.
        matched_id: the track's id, where `spotify_matches` names it.
        is_unknown: Spotify says that it does not know the stored id.
    """

    key: int
    artist: str
    title: str
    stored: str | None
    known: Track | None = None
    is_chosen: bool = False
    matched_id: str | None = None
    is_unknown: bool = False

    @property
    def source(self) -> Source:
        """Return the table that the answer is in."""
        return Source.MATCHES if self.matched_id else Source.DATA


class Audited(NamedTuple):
    """The verdict about one row.

    Attributes:
        reasons: codes, the most weighty first.
        score: of the match, 0 to 1, where names could be compared.
        sharing: how many rows carry the same id, this one included.
    """

    row: AuditRow
    verdict: Verdict
    reasons: tuple[str, ...]
    spotify_id: str | None = None
    score: float | None = None
    sharing: int = 1


class CatalogueStatistics:
    """What all rows together tell: whose ids are whose.

    Rows are read once to `count` them, a second time to `compare` those that share an id, and a third time to be
    judged: the titles of all rows would take 80 MiB at 57,718 rows, those of shared ids a few.
    """

    def __init__(self) -> None:
        self.profiles = ArtistProfiles()
        self._titles: defaultdict[str, list[tuple[Title, bool]]] = defaultdict(list)
        # Eight bytes for each row. Two ids with one hash are compared for nothing, and nothing else follows.
        self._hashes = array("q")
        self._repeated: frozenset[int] = frozenset()

    @property
    def has_shared(self) -> bool:
        """Tell whether any id is carried by more than one row; call `compare` with every row then."""
        return bool(self._repeated)

    def count(self, row: AuditRow) -> None:
        """Take in one row, the first time."""
        legacy = read_answer(row)
        if isinstance(legacy, Unreadable):
            return
        self.profiles.count(row.artist, legacy)
        self._hashes.append(hash(legacy.track.id or ""))

    def end_count(self) -> None:
        """Find the ids that several rows carry, once every row was counted."""
        ordered = sorted(self._hashes)
        self._repeated = frozenset(first for first, second in pairwise(ordered) if first == second)
        self._hashes = array("q")

    def compare(self, row: AuditRow) -> None:
        """Take in one row, the second time: its title, where other rows carry its id."""
        legacy = read_answer(row)
        if isinstance(legacy, Unreadable) or hash(legacy.track.id or "") not in self._repeated:
            return
        self._titles[legacy.track.id or ""].append((read_title(row.title), self.was_named(row, legacy)))

    def was_named(self, row: AuditRow, legacy: LegacyTrack) -> bool:
        """Tell whether a search by both names gave a row its id: not in the flat shape, nor under another's id."""
        return legacy.shape is not Shape.FLAT and not self.is_foreign(row, legacy.track)

    def is_foreign(self, row: AuditRow, track: Track) -> bool:
        """Tell whether a track names ids, and not the one that most rows of the artist carry."""
        usual = self.profiles.usual(row.artist)
        ids = {artist.id for artist in track.artists}
        return usual is not None and usual[0] not in ids and ids != {None}

    def sharing(self, spotify_id: str) -> int:
        """Return how many rows carry the track's id of a row."""
        return max(1, len(self._titles.get(spotify_id, ())))

    def is_contested(self, spotify_id: str, title: Title, *, has_name: bool) -> bool:
        """Say whether another row with this id names another song, and is as credible."""
        return any(
            (named or not has_name) and not _same_song(title, other)
            for other, named in self._titles.get(spotify_id, ())
        )


def gather_statistics(read: Callable[[], Iterable[AuditRow]]) -> CatalogueStatistics:
    """Return what all rows tell together.

    Args:
        read: gives every row, each time that it is called.
    """
    statistics = CatalogueStatistics()
    for row in read():
        statistics.count(row)
    statistics.end_count()
    if statistics.has_shared:
        for row in read():
            statistics.compare(row)
    return statistics


def judge_all(rows: Iterable[AuditRow], statistics: CatalogueStatistics) -> Iterator[Audited]:
    """Judge every row."""
    return (_judge(row, statistics) for row in rows)


def _judge(row: AuditRow, statistics: CatalogueStatistics) -> Audited:
    legacy = read_answer(row)
    if row.is_unknown and not row.is_chosen:
        return Audited(row, Verdict.WRONG, ("unknown_id",), stored_id(row))
    if isinstance(legacy, Unreadable):
        verdict = Verdict.UNREADABLE if row.stored else Verdict.UNSTORED
        return Audited(row, verdict, (legacy.reason,), row.matched_id)
    id_ = legacy.track.id or ""
    sharing = statistics.sharing(id_)
    if row.is_chosen:
        return Audited(row, Verdict.CHOSEN, (CHOSEN,), id_, None, sharing)
    track = row.known or (legacy.track if legacy.shape is Shape.FULL else None)
    if track is not None:
        return _check_by_names(row, track, sharing)
    found_verdict, *reasons = _check_by_witnesses(row, legacy, statistics)
    has_name = statistics.was_named(row, legacy)
    if found_verdict in {Verdict.UNCHECKED, Verdict.DOUBTFUL} and sharing > 1:
        if statistics.is_contested(id_, read_title(row.title), has_name=has_name):
            return Audited(row, Verdict.SHARED, ("id_shared", *reasons), id_, None, sharing)
        reasons.append("id_shared_by_same_song")
    return Audited(row, Verdict(found_verdict), tuple(reasons), id_, None, sharing)


def read_answer(row: AuditRow) -> LegacyTrack | Unreadable:
    """Return what is stored about a row."""
    return read_legacy(row.stored) if row.stored else _UNSTORED


_UNSTORED = Unreadable("track_not_stored")


def stored_id(row: AuditRow) -> str | None:
    """Return the id of a row's track; None where it cannot be read."""
    legacy = read_answer(row)
    return row.matched_id if isinstance(legacy, Unreadable) else legacy.track.id


def _check_by_names(row: AuditRow, track: Track, sharing: int) -> Audited:
    scored = score_candidate(TrackQuery(row.key, row.artist, row.title), track)
    if scored.refused:
        return Audited(row, Verdict.WRONG, (scored.refused,), track.id, 0.0, sharing)
    if scored.score < ACCEPTED:
        return Audited(row, Verdict.DOUBTFUL, ("weak", *scored.reasons), track.id, scored.score, sharing)
    return Audited(row, Verdict.RIGHT, scored.reasons, track.id, scored.score, sharing)


def _check_by_witnesses(row: AuditRow, legacy: LegacyTrack, statistics: CatalogueStatistics) -> tuple[str, ...]:
    """Return verdict and reasons where Spotify's own title is not stored."""
    track = legacy.track
    artist = compare_artists(read_credit(row.artist), [name_key(artist.name) for artist in track.artists], ())
    if artist is None:
        return Verdict.WRONG, "artist_differs"
    usual = statistics.profiles.usual(row.artist)
    if usual is not None and statistics.is_foreign(row, track):
        return _check_stranger(track, usual[1])
    if legacy.shape is Shape.MIGRATED and not _echoes(row, track):
        scored = score_candidate(TrackQuery(row.key, row.artist, row.title), track)
        return (Verdict.WRONG, scored.refused) if scored.refused else (Verdict.RIGHT, *scored.reasons)
    if legacy.shape is Shape.FLAT and read_title(row.title).tags:
        return Verdict.DOUBTFUL, "version_unchecked"
    confirmed = ("artist_id",) if usual is not None else ()
    return Verdict.UNCHECKED, "title_unchecked", artist.reason, *confirmed


def _check_stranger(track: Track, profile: ArtistProfile) -> tuple[str, ...]:
    """Return verdict and reasons where the artist's name has another's id: a guest's row carries that of its host."""
    if profile.has_album(track):
        return Verdict.UNCHECKED, "title_unchecked", "album_of_artist"
    if profile.is_strange(track):
        return Verdict.WRONG, "artist_id_strange"
    return Verdict.DOUBTFUL, "artist_id_differs"


def _echoes(row: AuditRow, track: Track) -> bool:
    return track.name == row.title and [artist.name for artist in track.artists] == [row.artist]


def _same_song(first: Title, second: Title) -> bool:
    return compare_titles(first, second).refused is None and compare_versions(first, second) is None
