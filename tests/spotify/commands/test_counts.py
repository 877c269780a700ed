"""What runs leave for the collector: real servers, and a Web API that fails on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from boombap.telemetry import snapshot
from spotify.commands.test_batch import TRACKS, Processor
from spotify.upstream import upstream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from caches import Cache
    from databases import Database
    from spotify.upstream import Asked


@pytest.fixture
def processor(database: Database, cache: Cache, boombap: Any, start_boombap: Any) -> Iterator[Processor]:
    """1,000 tracks whose ids are known."""
    database.run(
        "UPDATE tracks SET artist = 'Nas', title = 'Song ' || id,"
        " spotify_data = jsonb_build_object('id', lpad(id::text, 22, '0'))"
    )
    with upstream() as web:
        yield Processor(web, database, cache, boombap, start_boombap)


@pytest.fixture
def state(processor: Processor, tmp_path: Path) -> Path:
    processor.environment["BOOMBAP_PATHS_STATE"] = str(tmp_path / "state")
    return tmp_path / "state"


def left(state: Path) -> dict[tuple[str, ...], float]:
    samples = snapshot.read(state / "metrics" / "spotify.prom")
    return {(name, *(text for _, text in labels)): value for (name, labels), value in samples.items()}


def test_a_run_is_counted_by_what_it_did(processor: Processor, state: Path) -> None:
    processor.batch()
    counts = left(state)
    assert counts["boombap_spotify_tracks_total", "matched"] == TRACKS
    assert counts["boombap_spotify_tracks_total", "failed"] == 0
    assert counts["boombap_spotify_requests_total", "/tracks"] == 20
    assert counts["boombap_spotify_rows_total", "stored"] == TRACKS
    assert counts["boombap_spotify_tokens_total",] == 1
    assert counts["boombap_spotify_write_seconds_count",] >= 1
    assert counts["boombap_queue_depth_max", "spotify batches"] >= 1
    assert counts["boombap_queue_depth_max", "spotify chunks"] == 1
    breakers = {name[1]: value for name, value in counts.items() if name[0] == "boombap_breaker_open"}
    names = ("web api", "shared window", "cache reads", "cache writes")
    assert breakers == dict.fromkeys((f"spotify {name}" for name in names), 0.0)
    assert sum(value for name, value in counts.items() if name[0] == "boombap_retries_total") == 0


def test_a_server_that_fails_opens_the_breaker_and_is_asked_again(processor: Processor, state: Path) -> None:
    def fail_at_first(asked: Asked) -> tuple[int, object] | None:
        return (503, {}) if asked.path.startswith("/v1") and len(processor.web.log) < 20 else None

    processor.web.trick = fail_at_first
    processor.batch()
    counts = left(state)
    assert counts["boombap_retries_total", "spotify request", "Unavailable"] >= 10
    assert counts["boombap_breaker_opened_total", "spotify web api"] >= 1
    assert counts["boombap_breaker_open", "spotify web api"] == 0, "closed at the end"
    assert counts["boombap_spotify_tracks_total", "matched"] == TRACKS


def test_a_cache_that_is_down_is_an_open_breaker(processor: Processor, state: Path) -> None:
    processor.batch("--tracks", "100", REDIS_URL="redis://127.0.0.1:1/0")
    counts = left(state)
    assert counts["boombap_breaker_open", "spotify shared window"] == 1
    assert counts["boombap_breaker_opened_total", "spotify shared window"] >= 1


def test_what_the_cache_knows_is_counted(processor: Processor, state: Path) -> None:
    processor.batch()
    processor.database.run("TRUNCATE spotify_matches, spotify_tracks CASCADE")
    processor.batch()
    assert left(state)["boombap_spotify_known_tracks_total", "cache"] == TRACKS
