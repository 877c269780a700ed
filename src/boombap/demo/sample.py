"""The sample database of the demo and the tests: the team's schema with data that is the same on every server.

The songs come from ``songs.tsv`` (artist, title, year, language and, where sure, album are facts; everything else is
made up, lyrics above all), the distribution over analyzers from the team's figures. The SQL is in ``sql/``, one
file per step.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from boombap.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from boombap.clients.postgres.session import Session

_HERE = Path(__file__).parent

_FULL_TRACKS = 57_718
_FULL_ANALYSES = 269_646
_FAULTY_UNANALYSED_PCT = 3
# A real lyrics_embedding of every track is 88 MB; with an eighth of them the index still counts as well filled.
_VECTOR_SHARE = 8
_MAX_VECTORS = 20_000

TAGS = (
    "",
    " (Remix)",
    " (Live)",
    " (Instrumental)",
    " - Remastered 2009",
    " (Acoustic)",
    " Freestyle",
    " - Interlude",
    " (Radio Edit)",
    " (Acapella)",
    " (Demo)",
    " (Extended Mix)",
    " - Intro",
    " - Outro",
    " (Skit)",
    " (Sped Up)",
    " (Slowed + Reverb)",
    " (Chopped & Screwed)",
    " (Clean)",
    " (Explicit)",
    " - Remastered 2014",
    " (Club Mix)",
    " (Dub Mix)",
    " (Album Version)",
    " - Single Version",
    " (Bonus Track)",
    " (Unplugged)",
    " (Karaoke Version)",
    " (Alternate Version)",
    " - 25th Anniversary Edition",
)
"""The suffixes of a song's further versions, the plain one first; they come in this order."""

_WORDS = """
boom bap kick snare hat loop vinyl crate needle groove breakbeat sampler fader deck booth cipher corner stoop subway
marker mural sneaker mixtape cassette speaker bassline echo reverb tempo measure
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a sample is.

    Attributes:
        tracks: rows of `tracks` and of `ml_features`.
        analyses: rows of `analysis_results`; None for the real proportion, 4.67 per track.
    """

    tracks: int = 1_000
    analyses: int | None = None


FULL = Scale(_FULL_TRACKS, _FULL_ANALYSES)
"""As many rows as production has."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load` put into the database.

    Attributes:
        tracks: rows of `tracks`.
        analyses: rows of `analysis_results`.
        has_vectors: whether pgvector could be used; without it the vector columns and their indexes are missing.
        seconds: wall time of the whole load.
    """

    tracks: int
    analyses: int
    has_vectors: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Song:
    """One line of ``songs.tsv``.

    Attributes:
        year: of the first release, as a single or on an album.
        language: ISO 639-1.
        album: empty where there is none or where we are not sure.
    """

    artist: str
    title: str
    year: int
    language: str
    album: str


@dataclass(frozen=True, slots=True)
class Campaign:
    """One analyzer's run over the catalogue, in production.

    Attributes:
        rows: of `analysis_results`.
        tracks: distinct tracks among those rows.
        started: ISO date of the first row.
        days: how long the run took.
        fastest_ms: the least processing time of a row.
    """

    name: str
    rows: int
    tracks: int
    started: str
    days: int
    fastest_ms: int


# In order of time, as an append-only table has its rows on disk. Rows and tracks: the team's figures.
CAMPAIGNS = (
    Campaign("mock_analyzer_v1", 27, 27, "2025-07-28", 1, 1),
    Campaign("ollama", 8, 8, "2025-07-30", 1, 4_000),
    Campaign("emotion_analyzer_v2", 207, 207, "2025-08-02", 1, 90),
    Campaign("simplified_features", 115_434, 57_717, "2025-08-05", 6, 2),
    Campaign("gemma-3-27b-it", 34_320, 34_320, "2025-08-12", 24, 1_800),
    Campaign("simplified_features_v2", 57_717, 57_717, "2025-09-06", 2, 2),
    Campaign("qwen-3-4b-fp8", 61_933, 57_716, "2025-09-10", 15, 350),
)


def load(session: Session, scale: Scale, *, faults: bool, replace: bool = False) -> Loaded:
    """Create the four tables in the current schema and fill them.

    Statistics of use reach other sessions when this one ends, or within seconds.

    Args:
        session: where; its current schema gets the tables.
        scale: how many rows.
        faults: plant what the diagnostics are to find: no index on analysis_results.track_id, the index on artist twice
            (tracks_artist_name_idx), one that nobody reads (tracks_song_art_url_idx), the newest 3 % of the tracks
            without any analysis and, with pgvector, lyrics_embedding of 768 dimensions instead of 384. Without faults
            every track has an analysis.
        replace: drop a sample that was loaded before; never a table that is not marked as ours.

    Raises:
        UsageError: when the scale is not possible, or the tables exist already.
    """
    began = time.monotonic()
    unanalysed = scale.tracks * _FAULTY_UNANALYSED_PCT // 100 if faults else 0
    analyzers = spread(scale, scale.tracks - unanalysed)
    _make_room(session, replace=replace)
    has_vectors = bool(_run(session, "can_use_vector")[0]["usable"])
    _run(session, "statements")
    _run(session, "schema")
    if has_vectors:
        _run(session, "vector_columns_drifted" if faults else "vector_columns")
    _fill(session, scale, {"analyzers": json.dumps(analyzers), "analysed_tracks": scale.tracks - unanalysed})
    if has_vectors:
        _run(session, "fill_vectors", {"filled": min(_MAX_VECTORS, max(1, scale.tracks // _VECTOR_SHARE))})
    _index(session, has_vectors=has_vectors, faults=faults)
    analyses = sum(analyzer["rows"] for analyzer in analyzers)
    return Loaded(scale.tracks, analyses, has_vectors, time.monotonic() - began)


def read_songs() -> list[Song]:
    """Read ``songs.tsv``, in its order."""
    lines = (_HERE / "songs.tsv").read_text(encoding="utf-8").splitlines()
    return [_song(*line.split("\t")) for line in lines[1:]]


def spread(scale: Scale, analysed_tracks: int) -> list[dict[str, Any]]:
    """Share the analyses of `scale` out among the analyzers, as in production.

    Args:
        scale: how many rows there are to be.
        analysed_tracks: the tracks, counted from 1, that have analyses; each has at least one.

    Returns:
        The rows that ``fill_analyses.sql`` reads. At full scale they are the team's figures exactly; below, every
        analyzer keeps at least one row.

    Raises:
        UsageError: for less than one track, or too few analyses to reach every track.
    """
    wanted = _wanted_analyses(scale)
    rows = [max(1, round(campaign.rows * wanted / _FULL_ANALYSES)) for campaign in CAMPAIGNS]
    rows[_largest()] += wanted - sum(rows)
    return [
        {
            "name": campaign.name,
            "rows": count,
            "tracks": min(count, max(1, round(campaign.tracks * analysed_tracks / _FULL_TRACKS))),
            # The runs missed a track or two of 57,718; as each starts elsewhere, no track is missed by all.
            "first_track": 1 + position % analysed_tracks,
            "rows_before": sum(rows[:position]),
            "started": campaign.started,
            "days": campaign.days,
            "fastest_ms": campaign.fastest_ms,
        }
        for position, (campaign, count) in enumerate(zip(CAMPAIGNS, rows, strict=True))
    ]


def _wanted_analyses(scale: Scale) -> int:
    if scale.tracks < 1:
        raise UsageError(f"a sample of {scale.tracks} tracks cannot be made", hint="ask for 1 or more")
    # Below three per track the largest analyzers no longer reach every track; and each analyzer has a row of its own.
    least = 3 * scale.tracks + len(CAMPAIGNS)
    if scale.analyses is None:
        return max(least, round(scale.tracks * _FULL_ANALYSES / _FULL_TRACKS))
    if scale.analyses < least:
        message = f"{scale.analyses} analyses are too few for {scale.tracks} tracks"
        raise UsageError(message, hint=f"ask for {least} or more")
    return scale.analyses


def _largest() -> int:
    return max(range(len(CAMPAIGNS)), key=lambda position: CAMPAIGNS[position].rows)


def _make_room(session: Session, *, replace: bool) -> None:
    existing = _run(session, "existing")
    foreign = [str(table["name"]) for table in existing if not table["is_sample"]]
    if foreign:
        message = f"the database already has {', '.join(foreign)}, which no sample made"
        raise UsageError(message, hint="load the sample into an empty database")
    if existing and not replace:
        raise UsageError(
            "the database already holds a sample", hint="add --replace to load it again, or use another database"
        )
    if existing:
        _run(session, "drop")


def _fill(session: Session, scale: Scale, analyses: Mapping[str, object]) -> None:
    songs = read_songs()
    _run(
        session,
        "fill_tracks",
        {
            "tracks": scale.tracks,
            "songs": json.dumps([_record(number, song) for number, song in enumerate(songs, start=1)]),
            "songs_count": len(songs),
            "tags": list(TAGS),
            "verses": [_verse(number) for number in range(32)],
        },
    )
    _run(session, "fill_analyses", analyses)
    _run(session, "fill_features")


def _index(session: Session, *, has_vectors: bool, faults: bool) -> None:
    _run(session, "indexes")
    if has_vectors:
        _run(session, "vector_indexes")
    session.alone(_sql("vacuum"))
    _run(session, "use_indexes")
    if has_vectors:
        _run(session, "use_vector_indexes")
    if faults:
        _run(session, "faults")


def _run(session: Session, step: str, values: Mapping[str, object] | None = None) -> Sequence[Mapping[str, Any]]:
    return session.write(_sql(step), values)


def _sql(step: str) -> str:
    return (_HERE / "sql" / f"{step}.sql").read_text(encoding="utf-8")


def _song(artist: str, title: str, year: str, language: str, album: str) -> Song:
    return Song(artist, title, int(year), language, album)


def _record(number: int, song: Song) -> dict[str, object]:
    return {
        "number": number,
        "artist": song.artist,
        "title": song.title,
        "year": song.year,
        "language": song.language,
        "album": song.album or None,
    }


def _verse(number: int) -> str:
    """Return ten lines of eight words, about 480 characters, that are nobody's lyrics."""
    words = _WORDS.split()
    return "\n".join(
        " ".join(words[(number * 7 + line * 11 + place * (3 + number % 5)) % len(words)] for place in range(8))
        for line in range(10)
    )
