"""The sample database: its songs, its distribution over analyzers, and what it does to a database that is not empty."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from boombap.demo import sample
from boombap.demo.sample import CAMPAIGNS, FULL, TAGS, Scale, load, read_songs, spread
from boombap.errors import UsageError


def test_songs_are_many_distinct_and_well_formed():
    songs = read_songs()
    assert len(songs) >= 400
    assert max(Counter((song.artist.casefold(), song.title.casefold()) for song in songs).values()) == 1
    assert all(1979 <= song.year <= 2023 for song in songs)
    assert all(re.fullmatch("[a-z]{2}", song.language) for song in songs)
    fields = [field for song in songs for field in (song.artist, song.title, song.album)]
    assert all(field == field.strip() for field in fields)
    assert all(song.artist and song.title for song in songs)


@pytest.mark.parametrize(
    "artist",
    [
        "E-40",
        "A$AP Rocky",
        "Curren$y",
        "B.o.B",
        "André 3000",
        "Pi’erre Bourne",
        "8Ball & MJG",
        "Ol' Dirty Bastard",
        "JAY-Z",
        "Баста",
        "キングギドラ",
        "Tyler, The Creator",
    ],
)
def test_names_that_normalising_breaks_are_there(artist):
    assert artist in {song.artist for song in read_songs()}


def test_versions_of_all_songs_stay_distinct():
    songs = read_songs()
    titles = Counter((song.artist, song.title + tag) for song in songs for tag in TAGS)
    assert [title for title, count in titles.items() if count > 1] == []


def test_full_scale_has_the_teams_figures():
    shares = {share["name"]: (share["rows"], share["tracks"]) for share in spread(FULL, FULL.tracks)}
    assert shares == {campaign.name: (campaign.rows, campaign.tracks) for campaign in CAMPAIGNS}
    assert sum(rows for rows, _ in shares.values()) == 269_646
    assert spread(Scale(57_718), 57_718) == spread(FULL, FULL.tracks)


@pytest.mark.parametrize("tracks", [1, 2, 3, 7, 50, 1_000, 28_858, 28_859, 57_718, 100_000])
def test_every_analyzer_has_a_row_and_every_track_an_analysis(tracks):
    shares = spread(Scale(tracks), tracks)
    assert len(shares) == len(CAMPAIGNS)
    assert all(1 <= share["tracks"] <= share["rows"] for share in shares)
    covered = {
        1 + (number + share["first_track"] - 1) % tracks for share in shares for number in range(share["tracks"])
    }
    assert covered == set(range(1, tracks + 1))


@pytest.mark.parametrize("scale", [Scale(1_000), Scale(1_000, 3_007), Scale(1_000, 9_999), FULL])
def test_rows_follow_one_another_and_add_up(scale):
    shares = spread(scale, scale.tracks)
    ends = [share["rows_before"] + share["rows"] for share in shares]
    assert [share["rows_before"] for share in shares] == [0, *ends[:-1]]
    assert scale.analyses is None or ends[-1] == scale.analyses


@pytest.mark.parametrize("scale", [Scale(0), Scale(-1), Scale(1_000, 3_006), Scale(1, 9)])
def test_a_scale_that_makes_no_sense_touches_nothing(scale):
    with pytest.raises(UsageError, match="or more"):
        load(_Untouched(), scale, faults=False)


@pytest.mark.parametrize("replace", [False, True])
def test_a_table_without_our_mark_is_never_touched(replace):
    server = _Recorder([{"name": "tracks", "is_sample": True}, {"name": "ml_features", "is_sample": False}])
    with pytest.raises(
        UsageError, match="already has ml_features, which no sample made; load the sample into an empty"
    ):
        load(server, Scale(), faults=False, replace=replace)
    assert len(server.ran) == 1


def test_a_sample_is_replaced_only_when_asked():
    server = _Recorder([{"name": "tracks", "is_sample": True}])
    with pytest.raises(UsageError, match="already holds a sample"):
        load(server, Scale(), faults=False)
    assert len(server.ran) == 1


def test_replacing_drops_before_it_creates():
    server = _Recorder([{"name": "tracks", "is_sample": True}])
    load(server, Scale(), faults=False, replace=True)
    ran = "\n".join(server.ran)
    assert ran.index("DROP TABLE") < ran.index("CREATE TABLE {current.tracks} (")


@pytest.mark.parametrize("faults", [False, True])
@pytest.mark.parametrize("usable", [False, True])
def test_vectors_appear_only_where_pgvector_does(faults, usable):
    server = _Recorder([], usable=usable)
    assert load(server, Scale(), faults=faults).has_vectors is usable
    ran = "\n".join(server.ran)
    assert ("vector}(384)" in ran) is usable
    assert ("vector}(768)" in ran) is (usable and faults)
    assert ("ivfflat (" in ran) is usable
    assert ("DROP INDEX" in ran) is faults


def test_values_travel_beside_the_text():
    server = _Recorder([])
    load(server, Scale(), faults=True)
    (values,) = [values for values in server.values if "songs" in values]
    assert len(json.loads(str(values["songs"]))) == values["songs_count"] == len(read_songs())
    (values,) = [values for values in server.values if "analyzers" in values]
    assert values["analysed_tracks"] == 970


def test_every_statement_file_is_run():
    healthy, faulty = _Recorder([{"name": "tracks", "is_sample": True}]), _Recorder([])
    load(healthy, Scale(), faults=False, replace=True)
    load(faulty, Scale(), faults=True)
    files = (sample._HERE / "sql").glob("*.sql")
    assert {file.read_text(encoding="utf-8") for file in files} == {*healthy.ran, *faulty.ran}


class _Recorder:
    """Stands where a connection would: keeps what it is given, answers only the two questions that `load` asks."""

    def __init__(self, existing, *, usable=True):
        self.ran, self.values = [], []
        self._existing, self._usable = existing, usable

    def alone(self, sql):
        self.write(sql, None)

    def write(self, sql, values):
        self.ran.append(sql)
        self.values.append(values or {})
        if "AS is_sample" in sql:
            return self._existing
        return [{"usable": self._usable}] if "AS usable" in sql else []


class _Untouched:
    """A session that nothing may be run on."""
