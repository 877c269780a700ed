"""One diagnosis with something of everything, made by hand for the views."""

# ruff: noqa: DTZ001 - the columns are timestamp without time zone
from __future__ import annotations

from datetime import datetime
from typing import Any

from boombap.db.model import (
    Analyzer,
    Blocked,
    Connections,
    Diagnosis,
    Health,
    Server,
    Source,
    Statement,
    Table,
    Tracks,
    Unanalyzed,
    XminHolder,
)
from boombap.health.finding import Finding, Severity, Skipped

SERVER = Server(
    version_num=180006,
    version="18.6 (Debian 18.6-1)",
    database="rap",
    user="watcher",
    is_replica=False,
    can_monitor=False,
    is_superuser=False,
    extensions={"plpgsql": "1.0", "vector": "0.8.1"},
    preloaded=frozenset(("pg_stat_statements",)),
    columns={"tracks": frozenset(("id", "title"))},
    size_bytes=1_234_567_890,
    max_connections=100,
    stats_age_s=None,
    uptime_s=93_784.0,
)
FINDINGS = (
    Finding(
        "sequence_overflow",
        Severity.CRITICAL,
        "public.tracks_id_seq",
        "99.0 % of the values for public.tracks.id are used up",
        {"used_pct": 99.0, "last_value": 2126008810, "column": "public.tracks.id"},
        "ALTER TABLE public.tracks ALTER COLUMN id TYPE bigint;\nALTER SEQUENCE public.tracks_id_seq AS bigint;",
        "https://www.postgresql.org/docs/current/datatype-numeric.html",
    ),
    Finding("duplicate_index", Severity.WARNING, 'public."Evil\x1b[31m"', "the same index as public.tracks_artist_idx"),
)
HEALTH = Health(
    findings=FINDINGS,
    waived=(Finding("unused_index", Severity.INFO, "public.tracks_genre_idx", "no scan counted"),),
    expired=("unused_index public.tracks_year_idx: catalogue team, until 2026-01-31",),
    skipped=(
        Skipped("long_transaction", "no permission: needs pg_monitor"),
        Skipped("replication_lag", "no permission: needs pg_monitor"),
        Skipped("cache_hit", "a statement ran into its time limit", is_failure=True),
    ),
    checks=26,
)
CONNECTIONS = Connections(
    total=7,
    limit=100,
    by_state={"idle": 5, "active": 1, "idle in transaction": 1},
    sources=tuple(Source("app", f"worker-{n}", "10.0.0.7", "rap", 8 - n) for n in range(1, 8)),
    oldest_transaction_s=7_325.0,
    longest_query_s=0.25,
    xmin=XminHolder("session", "4711", 12_345),
)
FULL = Diagnosis(
    target="db.example:5432/rap",
    name="production",
    taken_at="2026-11-23T12:00:00+00:00",
    elapsed_ms=98.7,
    server=SERVER,
    is_pooled=True,
    tracks=Tracks(57_718, 57_000, None, 4_321, datetime(2026, 11, 20, 8, 15)),
    analyzers=(
        Analyzer("simplified_features", 115_434, 57_717, 99.998, datetime(2025, 8, 5), datetime(2025, 8, 11), 0),
        Analyzer("キング 🎤", 27, 27, 0.047, datetime(2025, 7, 28), None, 27),
    ),
    connections=CONNECTIONS,
    tables=(
        Table("tracks", True, 57_718, 120_000_000, 45_000_000, 6, {"id": "integer", "lyrics_embedding": "vector(384)"}),
        Table("analysis_results", False, None, 0, 0, 0, {}),
    ),
    unanalyzed=Unanalyzed(
        None, 3, ((12, "=cmd()", "A\nB"), (11, "Баста", "x" * 80), (10, "Ol' Dirty Bastard", "Shimmy"))
    ),
    health=HEALTH,
)
STATEMENTS = (
    Statement("-1", "SELECT * FROM tracks WHERE id = $1", 1_000, 9_000.0, 1_000, 99.5),
    Statement("2", "VACUUM", 1, 1_000.0, 0, None),
)
BLOCKED = (
    Blocked(
        10, "app", "worker", "idle in transaction", 75.0, "", "UPDATE a", 0, (), "SELECT pg_terminate_backend(10);"
    ),
    Blocked(11, "app", "", "active", 74.0, "ShareLock on transactionid", "UPDATE b", 1, (10,)),
    Blocked(12, "app", "web", "active", 3.0, "ExclusiveLock on tracks", "UPDATE c", 2, (11,)),
    Blocked(0, "(unknown)", "", "prepared transaction", 0.0, "", "", 0, (), "ROLLBACK PREPARED 'x';"),
)


def diagnosis(**changes: Any) -> Diagnosis:
    """The same with other parts."""
    return FULL.replace(**changes)
