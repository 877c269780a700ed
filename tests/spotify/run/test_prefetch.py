"""In which order a source is read, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boombap.spotify.model import Match, Mode, Outcome, TrackQuery
from boombap.spotify.run.prefetch import Prefetcher
from boombap.spotify.run.source import read
from boombap.spotify.scheduling.scheduler import PROBE_FROM
from databases import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ARTISTS = ("Eve", "Nas", "Trina")
CHUNK = PROBE_FROM
ROWS = [TrackQuery(key, ARTISTS[key % 3], f"Song {key}") for key in range(10 * CHUNK)]


class Reader:
    """A source of ten chunks whose artists alternate, and what was read of it."""

    def __init__(self, *, hits: bool = False) -> None:
        self.given = 0
        self._hits = hits
        self.prefetcher = Prefetcher(read(self._chunks()), [self._look_up])

    def _chunks(self) -> Iterator[list[TrackQuery]]:
        for first in range(0, len(ROWS), CHUNK):
            self.given += 1
            yield ROWS[first : first + CHUNK]

    def _look_up(self, chunk: Sequence[TrackQuery]) -> tuple[list[Match], list[TrackQuery]]:
        if self._hits:
            return [Match(query, Outcome.NOT_FOUND) for query in chunk], []
        return [], list(chunk)

    def rest(self) -> list[list[TrackQuery]]:
        chunks = []
        while not self.prefetcher.is_over:
            if chunk := self.prefetcher.get(0.05):
                chunks.append([*chunk.misses, *(hit.wanted for hit in chunk.hits)])
        return chunks


def test_one_chunk_is_read_until_the_mode_is_known():
    reader = Reader()
    with reader.prefetcher as prefetcher:
        assert prefetcher.get(5.0)
        assert prefetcher.get(0.1) is None
        assert reader.given == 1
        prefetcher.learn(Mode.EXTENDED)
        assert reader.rest() == [ROWS[first : first + CHUNK] for first in range(CHUNK, len(ROWS), CHUNK)]


def test_development_mode_reads_the_rest_artist_by_artist():
    reader = Reader()
    with reader.prefetcher as prefetcher:
        assert prefetcher.get(5.0)
        prefetcher.learn(Mode.DEVELOPMENT)
        rest = [query for chunk in reader.rest() for query in chunk]
    assert sorted(rest) == ROWS[CHUNK:]
    artists = [query.artist for query in rest]
    assert len([at for at in range(1, len(artists)) if artists[at] != artists[at - 1]]) == len(ARTISTS) - 1


def test_what_the_cache_answers_waits_for_no_mode():
    reader = Reader(hits=True)
    with reader.prefetcher:
        assert sum(map(len, reader.rest())) == len(ROWS)


@pytest.mark.parametrize("wants", [1, 0])
def test_a_run_that_ends_early_does_not_wait_for_the_mode(wants: int):
    reader = Reader()
    with reader.prefetcher as prefetcher:
        if wants:
            assert prefetcher.get(5.0)
        until(lambda: reader.given == 1)
