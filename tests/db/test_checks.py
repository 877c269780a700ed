"""The judges on rows, at their limits, and the catalogue against the SQL files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import boombap.db.queries
from boombap.db.checks import (
    activity,
    collations,
    constraints,
    coverage,
    indexes,
    replication,
    settings,
    statements,
    storage,
    vacuum,
    vectors,
)
from boombap.db.checks.catalogue import ALL
from boombap.db.checks.check import Context, Expectations
from boombap.db.model import Server
from boombap.health.finding import Finding, Severity

QUERIES = Path(boombap.db.queries.__file__).parent / "health"
DAY_S = 86_400.0
MIB = 1024**2
GIB = 1024**3


def context(
    *,
    version_num: int = 180000,
    stats_age_s: float | None = None,
    uptime_s: float = 30 * DAY_S,
    can_monitor: bool = True,
    preloaded: frozenset[str] = frozenset(),
    **expected: Any,
) -> Context:
    server = Server(
        version_num=version_num,
        version=str(version_num // 10000),
        database="sample",
        user="postgres",
        is_replica=False,
        can_monitor=can_monitor,
        is_superuser=True,
        extensions={},
        preloaded=preloaded,
        columns={},
        size_bytes=0,
        max_connections=100,
        stats_age_s=stats_age_s,
        uptime_s=uptime_s,
    )
    return Context(server, Expectations(**expected))


def words(findings: Any) -> list[str]:
    return [finding.severity.word for finding in findings]


def only(findings: Any) -> Finding:
    (finding,) = findings
    assert isinstance(finding, Finding)
    return finding


# The catalogue


def test_each_check_has_its_query_and_each_query_its_check() -> None:
    files = {path.name.split(".")[0] for path in QUERIES.glob("*.sql")}
    assert files == {check.id for check in ALL}
    assert all((QUERIES / f"{check.id}.sql").is_file() for check in ALL)


def test_the_ids_of_checks_are_unique() -> None:
    assert len({check.id for check in ALL}) == len(ALL)


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.sql")), ids=lambda path: path.name)
def test_a_query_says_what_it_needs_and_ends_without_a_semicolon(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    comment = text[: re.search(r"^[^-]", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    assert "need" in comment
    assert not text.rstrip().endswith(";")
    assert re.fullmatch(r"[a-z_]+(\.\d\d)?\.sql", path.name)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_no_rows_are_no_finding(check: Any) -> None:
    ctx = context(embedding_dimension=384, coverage_floor_pct=99.0, coverage_analyzers=("qwen",))
    assert list(check.judge([], ctx)) == []


# Activity


def backend(pid: int, *blocked_by: int, wait_s: float | None = 0.0, state: str = "active") -> dict[str, Any]:
    return {
        "pid": pid,
        "blocked_by": list(blocked_by),
        "waits_for": "public.tracks" if blocked_by else None,
        "mode": "ExclusiveLock" if blocked_by else None,
        "wait_s": wait_s if blocked_by else None,
        "user_name": "app",
        "application": "web",
        "state": state,
        "query": "UPDATE tracks",
        "transaction_s": 12.0,
    }


def test_a_tree_three_deep_has_one_root() -> None:
    rows = [
        backend(1, state="idle in transaction"),
        backend(2, 1, wait_s=9.0),
        backend(3, 2, wait_s=7.0),
        backend(4, 3, 2, wait_s=1.0),
        backend(5, 4),
    ]
    finding = only(activity.check_blocking(rows, context()))
    assert finding.subject == "pid 1"
    assert finding.evidence["waiting"] == 4
    assert finding.evidence["depth"] == 3
    assert finding.severity is Severity.WARNING
    assert finding.remedy == "SELECT pg_terminate_backend(1);"


def test_two_roots_are_two_findings_and_a_waiter_of_both_counts_for_each() -> None:
    rows = [backend(1), backend(2), backend(3, 1, 2)]
    findings = list(activity.check_blocking(rows, context()))
    assert [finding.subject for finding in findings] == ["pid 1", "pid 2"]
    assert findings[0].remedy == "SELECT pg_cancel_backend(1);"


def test_a_cycle_has_no_root_and_ends() -> None:
    assert list(activity.check_blocking([backend(1, 2), backend(2, 1)], context())) == []


def test_a_prepared_transaction_can_be_the_root() -> None:
    root = {**backend(0), "state": None, "user_name": None}
    finding = only(activity.check_blocking([root, backend(7, 0)], context()))
    assert finding.subject == "a prepared transaction"
    assert "pg_prepared_xacts" in finding.remedy


@pytest.mark.parametrize(
    ("wait_s", "word"), [(None, "info"), (4.9, "info"), (5, "warning"), (59.9, "warning"), (60, "critical")]
)
def test_blocking_grows_worse_with_the_longest_wait(wait_s: float | None, word: str) -> None:
    assert words(activity.check_blocking([backend(1), backend(2, 1, wait_s=wait_s)], context())) == [word]


@pytest.mark.parametrize(
    ("idle_s", "expected"),
    [(1.9, []), (2, ["info"]), (299, ["info"]), (300, ["warning"]), (3599, ["warning"]), (3600, ["critical"])],
)
def test_idle_in_transaction(idle_s: float, expected: list[str]) -> None:
    row = {
        "pid": 5,
        "user_name": "app",
        "database": "sample",
        "application": "",
        "state": "idle in transaction",
        "idle_s": idle_s,
        "transaction_s": None,
        "last_query": "SELECT 1",
    }
    assert words(activity.check_idle_in_transaction([row], context())) == expected


@pytest.mark.parametrize(("age_s", "expected"), [(299, []), (300, ["info"]), (1800, ["warning"]), (1e6, ["warning"])])
def test_long_transaction(age_s: float, expected: list[str]) -> None:
    row = {"pid": 5, "user_name": "a", "database": "d", "application": "", "transaction_s": age_s, "query": "SELECT 1"}
    assert words(activity.check_long_transaction([row], context())) == expected


@pytest.mark.parametrize(
    ("age", "expected"),
    [(99_999, []), (100_000, ["info"]), (1_000_000, ["warning"]), (500_000_000, ["critical"])],
)
def test_xmin_horizon(age: int, expected: list[str]) -> None:
    row = {"kind": "prepared", "holder": "g'1", "holder_literal": "'g''1'", "pid": None, "age_xids": age}
    findings = list(activity.check_xmin_horizon([row], context()))
    assert words(findings) == expected
    assert all(finding.remedy == "ROLLBACK PREPARED 'g''1';" for finding in findings)


@pytest.mark.parametrize(("age_s", "word"), [(0.1, "info"), (60, "warning"), (3600, "critical")])
def test_prepared_transactions(age_s: float, word: str) -> None:
    row = {
        "gid": "g",
        "gid_literal": "'g'",
        "user_name": "a",
        "database": "other",
        "age_s": age_s,
        "age_xids": 1,
    }
    finding = only(activity.check_prepared_transactions([row], context()))
    assert finding.severity.word == word
    assert finding.remedy == "-- in database other\nROLLBACK PREPARED 'g';"


@pytest.mark.parametrize(
    ("connections", "expected"), [(77, []), (78, ["warning"]), (92, ["warning"]), (93, ["critical"])]
)
def test_reserved_slots_do_not_count_as_free(connections: int, expected: list[str]) -> None:
    row = {"connections": connections, "max_connections": 100, "reserved": 3}
    assert words(activity.check_connections_saturation([row], context())) == expected


# Vacuum


@pytest.mark.parametrize(
    ("xid", "mxid", "expected"),
    [
        (999_999_999, 0, []),
        (1_000_000_000, 0, ["warning"]),
        (0, 1_500_000_000, ["critical"]),
    ],
)
def test_wraparound(xid: int, mxid: int, expected: list[str]) -> None:
    row = {"kind": "table", "subject": "public.t", "is_here": True, "xid_age": xid, "mxid_age": mxid}
    assert words(vacuum.check_wraparound([row], context())) == expected


def test_another_database_is_named_before_its_remedy() -> None:
    row = {"kind": "database", "subject": '"Ö"', "is_here": False, "xid_age": 2 * 10**9, "mxid_age": 0}
    assert only(vacuum.check_wraparound([row], context())).remedy == '-- in database "Ö"\nVACUUM (FREEZE, VERBOSE);'


def lag(**changed: Any) -> dict[str, Any]:
    return {
        "subject": "public.tracks",
        "table_rows": 57_718,
        "dead_rows": 0,
        "inserted_rows": 57_718,
        "changed_rows": 0,
        "is_enabled": True,
        "dead_limit": 11_593,
        "inserted_limit": 12_543,
        "changed_limit": 5_821,
        "quiet_s": 5.0,
        **changed,
    }


def test_a_fresh_load_is_no_lag() -> None:
    assert list(vacuum.check_autovacuum_lag([lag()], context())) == []


@pytest.mark.parametrize(("dead", "expected"), [(23_185, []), (23_186, ["warning"])])
def test_dead_rows_count_from_twice_the_threshold(dead: int, expected: list[str]) -> None:
    assert words(vacuum.check_autovacuum_lag([lag(dead_rows=dead)], context())) == expected


def test_few_dead_rows_are_a_hint_and_a_switched_off_autovacuum_is_switched_on() -> None:
    row = lag(dead_rows=1000, dead_limit=60, is_enabled=False)
    finding = only(vacuum.check_autovacuum_lag([row], context()))
    assert finding.severity is Severity.INFO
    assert finding.remedy.startswith("ALTER TABLE public.tracks RESET (autovacuum_enabled);\nVACUUM")


@pytest.mark.parametrize(("quiet_s", "expected"), [(3599.0, []), (3600.0, ["info"]), (None, ["info"])])
def test_inserts_count_after_an_hour_without_a_visit(quiet_s: float | None, expected: list[str]) -> None:
    assert words(vacuum.check_autovacuum_lag([lag(quiet_s=quiet_s)], context())) == expected


def test_stale_statistics_have_their_own_id_and_inserts_none_before_13() -> None:
    row = lag(changed_rows=57_718, quiet_s=None, inserted_rows=0, inserted_limit=None)
    finding = only(vacuum.check_autovacuum_lag([row], context()))
    assert (finding.id, finding.remedy) == ("stale_statistics", "ANALYZE (VERBOSE) public.tracks;")


# Storage


@pytest.mark.parametrize(
    ("hit", "expected"), [(950_001, []), (950_000, ["info"]), (850_001, ["info"]), (850_000, ["warning"])]
)
def test_cache_hit(hit: int, expected: list[str]) -> None:
    row = {"subject": "tables", "blocks_asked": 1_000_000, "blocks_hit": hit}
    assert words(storage.check_cache_hit([row], context())) == expected


def test_a_cold_cache_and_a_quiet_one_are_not_judged() -> None:
    row = {"subject": "tables", "blocks_asked": 1_000_000, "blocks_hit": 0}
    assert list(storage.check_cache_hit([row], context(uptime_s=3599))) == []
    assert list(storage.check_cache_hit([{**row, "blocks_asked": 999_999}], context())) == []


@pytest.mark.parametrize(
    ("size", "needed", "is_found"),
    [(100 * MIB, 50 * MIB, True), (100 * MIB, 50 * MIB + 1, False), (99 * MIB, 50 * MIB, False)],
)
def test_bloat_must_be_half_and_fifty_mebibytes(size: int, needed: int, is_found: bool) -> None:
    row = {
        "subject": "public.t",
        "table_name": "public.t",
        "table_rows": 1,
        "entries": 1,
        "size_bytes": size,
        "needed_bytes": needed,
        "is_measured": False,
    }
    assert bool(list(storage.check_table_bloat([row], context()))) is is_found
    assert bool(list(storage.check_index_bloat([row], context()))) is is_found


# Indexes


def idle_index(**changed: Any) -> dict[str, Any]:
    return {
        "subject": "public.tracks_song_art_url_idx",
        "table_name": "public.tracks",
        "table_rows": 57_718,
        "size_bytes": 3 * MIB,
        "sequential_scans": 20,
        "other_index_scans": 100,
        "other_indexes": 5,
        "others_in_use": 5,
        **changed,
    }


@pytest.mark.parametrize(
    ("row", "stats_age_s", "expected"),
    [
        (idle_index(), DAY_S, ["info"]),
        (idle_index(others_in_use=3), DAY_S, ["info"]),
        (idle_index(other_indexes=6, others_in_use=3), DAY_S, []),
        (idle_index(other_indexes=0, others_in_use=0, sequential_scans=10_000), DAY_S, []),
        (idle_index(others_in_use=0), 7 * DAY_S, ["warning"]),
        (idle_index(others_in_use=0), None, ["warning"]),
        (idle_index(sequential_scans=0, other_index_scans=50), 7 * DAY_S, []),
        (idle_index(sequential_scans=0, other_index_scans=51), 7 * DAY_S, ["warning"]),
    ],
)
def test_unused_index(row: dict[str, Any], stats_age_s: float | None, expected: list[str]) -> None:
    findings = list(indexes.check_unused_index([row], context(stats_age_s=stats_age_s)))
    assert words(findings) == expected
    assert all("stats_age_s" in finding.evidence for finding in findings)


def test_statistics_never_reset_are_as_old_as_the_run_of_the_server() -> None:
    young = context(uptime_s=60)
    assert list(indexes.check_unused_index([idle_index(others_in_use=0)], young)) == []
    assert only(indexes.check_unused_index([idle_index()], young)).evidence["stats_age_s"] is None


@pytest.mark.parametrize(
    ("constraint", "is_partitioned", "remedy"),
    [
        (None, False, "DROP INDEX CONCURRENTLY public.i;"),
        (None, True, "DROP INDEX public.i;"),
        ('"K"', False, 'ALTER TABLE public.t DROP CONSTRAINT "K";'),
    ],
)
def test_a_duplicate_goes_the_way_it_can(constraint: str | None, is_partitioned: bool, remedy: str) -> None:
    row = {
        "subject": "public.i",
        "table_name": "public.t",
        "kept": "public.j",
        "constraint_name": constraint,
        "is_partitioned": is_partitioned,
        "size_bytes": 0,
    }
    assert only(indexes.check_duplicate_index([row], context())).remedy == remedy


def test_a_redundant_index_is_a_hint() -> None:
    row = {
        "subject": "public.i",
        "table_name": "public.t",
        "covered_by": "public.j",
        "is_partitioned": False,
        "size_bytes": 1,
        "covering_bytes": 2,
    }
    finding = only(indexes.check_redundant_index([row], context()))
    assert finding.severity is Severity.INFO
    assert finding.remedy == "DROP INDEX CONCURRENTLY public.i;"


@pytest.mark.parametrize(
    ("flags", "remedy"),
    [
        ({}, "REINDEX INDEX CONCURRENTLY public.i;"),
        ({"is_unique": True}, "DROP INDEX CONCURRENTLY public.i;\n-- or, once its rows are unique: REINDEX"),
        ({"is_leftover": True, "is_unique": True}, "DROP INDEX CONCURRENTLY public.i;"),
        ({"is_partitioned": True}, "attach a valid index"),
    ],
)
def test_an_invalid_index_is_mended_by_its_kind(flags: dict[str, bool], remedy: str) -> None:
    row = {
        "subject": "public.i",
        "table_name": "public.t",
        "is_ready": True,
        "is_unique": False,
        "is_partitioned": False,
        "is_leftover": False,
        "size_bytes": 0,
        **flags,
    }
    assert only(indexes.check_invalid_index([row], context())).remedy.startswith(remedy)


# Constraints


@pytest.mark.parametrize(
    ("table_rows", "is_partitioned", "word", "statement"),
    [
        (9_999, False, "info", 'CREATE INDEX CONCURRENTLY ON public.t ("Ref");'),
        (10_000, False, "warning", 'CREATE INDEX CONCURRENTLY ON public.t ("Ref");'),
        (10_000, True, "warning", 'CREATE INDEX ON public.t ("Ref");'),
    ],
)
def test_missing_fk_index(table_rows: int, is_partitioned: bool, word: str, statement: str) -> None:
    row = {
        "subject": "public.t",
        "columns": '"Ref"',
        "constraint_name": "t_fkey",
        "referenced": "tracks",
        "is_partitioned": is_partitioned,
        "table_rows": table_rows,
        "size_bytes": 0,
    }
    finding = only(constraints.check_missing_fk_index([row], context()))
    assert (finding.severity.word, finding.remedy.splitlines()[-1]) == (word, statement)


def test_invalid_constraint() -> None:
    row = {"subject": "public.t", "constraint_name": '"C"', "kind": "check", "table_rows": 0}
    finding = only(constraints.check_invalid_constraint([row], context()))
    assert finding.remedy == 'ALTER TABLE public.t VALIDATE CONSTRAINT "C";'


def sequence(**changed: Any) -> dict[str, Any]:
    return {
        "subject": "public.t_id_seq",
        "table_name": "public.t",
        "column_name": "id",
        "is_bigint": False,
        "is_bigint_sequence": False,
        "is_identity": False,
        "last_value": 90,
        "limit_value": 100,
        "forbidden": 0,
        "beyond_limit": 0,
        **changed,
    }


@pytest.mark.parametrize(
    ("last_value", "expected"), [(49, []), (50, ["info"]), (75, ["warning"]), (89, ["warning"]), (90, ["critical"])]
)
def test_sequence_overflow(last_value: int, expected: list[str]) -> None:
    assert words(constraints.check_sequence_overflow([sequence(last_value=last_value)], context())) == expected


@pytest.mark.parametrize(
    ("changed", "statements_"),
    [
        ({}, ["ALTER TABLE public.t ALTER COLUMN id TYPE bigint;", "ALTER SEQUENCE public.t_id_seq AS bigint;"]),
        ({"is_identity": True}, ["ALTER TABLE public.t ALTER COLUMN id TYPE bigint;"]),
        ({"is_bigint": True, "is_bigint_sequence": True}, ["ALTER SEQUENCE public.t_id_seq NO MAXVALUE;"]),
        ({"is_bigint": True}, ["ALTER SEQUENCE public.t_id_seq AS bigint;"]),
        (
            {"table_name": None, "column_name": None, "is_bigint": None, "is_bigint_sequence": True},
            ["ALTER SEQUENCE public.t_id_seq NO MAXVALUE;"],
        ),
    ],
)
def test_a_sequence_is_widened_with_what_it_fills(changed: dict[str, Any], statements_: list[str]) -> None:
    remedy = only(constraints.check_sequence_overflow([sequence(**changed)], context())).remedy
    assert [line for line in remedy.splitlines() if not line.startswith("--")] == statements_


def test_sequences_that_were_not_read_are_told_once() -> None:
    row = sequence(subject=None, last_value=None, limit_value=None, forbidden=3, beyond_limit=9000)
    finding = only(constraints.check_sequence_overflow([row], context()))
    assert finding.id == "sequence_unread"
    assert "3 for want of SELECT or USAGE and 9,000 beyond" in finding.summary


# Replication


def slot(**changed: Any) -> dict[str, Any]:
    return {
        "subject": "s1",
        "slot_literal": "'s1'",
        "slot_type": "physical",
        "database": None,
        "is_active": True,
        "wal_status": "reserved",
        "safe_wal_bytes": None,
        "is_limited": False,
        "kept_bytes": 0,
        **changed,
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (slot(), []),
        (slot(wal_status=None, kept_bytes=None), []),
        (slot(wal_status="lost"), ["critical"]),
        (slot(wal_status="unreserved"), ["critical"]),
        (slot(is_active=False), ["warning"]),
        (slot(is_active=False, kept_bytes=10 * GIB), ["critical"]),
        (slot(is_active=False, kept_bytes=10 * GIB, is_limited=True), ["warning"]),
        (slot(kept_bytes=10 * GIB), ["warning"]),
        (slot(kept_bytes=10 * GIB - 1), []),
    ],
)
def test_replication_slots(row: dict[str, Any], expected: list[str]) -> None:
    assert words(replication.check_replication_slots([row], context())) == expected


@pytest.mark.parametrize(
    ("changed", "before", "before_s", "lost_in_s"),
    [
        ({"safe_wal_bytes": 2 * GIB}, 2 * GIB, 3600.0, 7200),
        ({"safe_wal_bytes": None}, 2 * GIB, 3600.0, None),
        ({"safe_wal_bytes": 2 * GIB}, None, 3600.0, None),
        ({"safe_wal_bytes": 2 * GIB}, 3 * GIB, 3600.0, None),
        ({"safe_wal_bytes": 2 * GIB}, 4 * GIB, 3600.0, None),
        ({"safe_wal_bytes": 2 * GIB}, 2 * GIB, 59.0, None),
    ],
)
def test_when_a_slot_loses_its_wal_is_said_only_where_two_looks_and_a_limit_tell_it(
    changed: dict[str, Any], before: int | None, before_s: float, lost_in_s: int | None
) -> None:
    row = slot(is_active=False, kept_bytes=3 * GIB, **changed)
    kept = {} if before is None else {row["subject"]: before}
    found = only(replication.check_replication_slots([row], context().replace(kept_before=kept, before_s=before_s)))
    assert found.evidence["lost_in_s"] == lost_in_s
    assert ("loses its WAL in 2 h" in found.summary) == (lost_in_s is not None)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"lag_s": 59.0, "lag_bytes": GIB - 1}, []),
        ({"lag_s": 60.0}, ["warning"]),
        ({"lag_s": 600.0}, ["critical"]),
        ({"lag_bytes": GIB}, ["warning"]),
        ({"is_paused": True}, ["warning"]),
        ({"is_paused": True, "lag_s": 600.0}, ["critical"]),
        ({"state": "disconnected"}, ["warning"]),
    ],
)
def test_replication_lag(changed: dict[str, Any], expected: list[str]) -> None:
    row = {"subject": "this standby", "state": "streaming", "lag_s": None, "lag_bytes": None, "is_paused": False}
    assert words(replication.check_replication_lag([{**row, **changed}], context())) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["warning"]),
        ({"since_success_s": 3600.0}, ["critical"]),
        ({"since_success_s": None}, ["critical"]),
        ({"is_failing": False}, []),
        ({"archive_mode": "off"}, []),
    ],
)
def test_archiver(changed: dict[str, Any], expected: list[str]) -> None:
    row = {
        "archive_mode": "on",
        "archived": 5,
        "failed": 2,
        "last_failed_wal": "0001",
        "is_failing": True,
        "since_success_s": 3599.0,
        "since_failure_s": 1.0,
    }
    assert words(replication.check_archiver([{**row, **changed}], context())) == expected


@pytest.mark.parametrize(
    ("timed", "requested", "age_s", "is_found"),
    [
        (24, 25, DAY_S, True),
        (0, 24, DAY_S, False),
        (25, 25, DAY_S, False),
        (0, 500, DAY_S - 1, False),
        (0, 500, None, False),
    ],
)
def test_checkpoints(timed: int, requested: int, age_s: float | None, is_found: bool) -> None:
    row = {"timed": timed, "requested": requested, "stats_age_s": age_s, "max_wal_bytes": GIB}
    findings = list(replication.check_checkpoints([row], context()))
    assert bool(findings) is is_found
    assert all("max_wal_size = '2048MB'" in finding.remedy for finding in findings)


# Settings and statements

DEFAULTS: dict[str, tuple[str, int | None]] = {
    "fsync": ("on", None),
    "full_page_writes": ("on", None),
    "autovacuum": ("on", None),
    "track_counts": ("on", None),
    "synchronous_commit": ("on", None),
    "zero_damaged_pages": ("off", None),
    "max_connections": ("100", None),
    "work_mem": ("4096", 4 * MIB),
    "effective_cache_size": ("524288", 4 * GIB),
    "shared_buffers": ("16384", 128 * MIB),
    "random_page_cost": ("4", None),
    "seq_page_cost": ("1", None),
    "min_wal_size": ("80", 80 * MIB),
    "max_wal_size": ("1024", GIB),
    "password_encryption": ("scram-sha-256", None),
    "enable_seqscan": ("on", None),
}


def server_settings(**changed: tuple[str, int | None]) -> list[dict[str, Any]]:
    return [
        {"name": name, "value": value, "size_bytes": size, "source": "default", "is_pending": False}
        for name, (value, size) in (DEFAULTS | changed).items()
    ]


def test_defaults_are_no_finding() -> None:
    assert list(settings.check_settings(server_settings(), context())) == []


@pytest.mark.parametrize(
    ("name", "value", "size", "word"),
    [
        ("fsync", "off", None, "critical"),
        ("full_page_writes", "off", None, "critical"),
        ("autovacuum", "off", None, "critical"),
        ("track_counts", "off", None, "critical"),
        ("zero_damaged_pages", "on", None, "critical"),
        ("synchronous_commit", "off", None, "info"),
        ("enable_seqscan", "off", None, "warning"),
        ("work_mem", "0", 8 * 4 * GIB / 100 + 1, "warning"),
        ("effective_cache_size", "0", 127 * MIB, "info"),
        ("random_page_cost", "0.9", None, "info"),
        ("min_wal_size", "2048", 2 * GIB, "warning"),
        ("password_encryption", "md5", None, "warning"),
    ],
)
def test_a_dangerous_or_contradictory_setting(name: str, value: str, size: int | None, word: str) -> None:
    findings = list(settings.check_settings(server_settings(**{name: (value, size)}), context()))
    assert words(findings) == [word]


def test_md5_was_the_default_before_14() -> None:
    rows = server_settings(password_encryption=("md5", None))
    assert list(settings.check_settings(rows, context(version_num=130000))) == []


def test_a_change_that_waits_for_a_restart() -> None:
    rows = [{**row, "is_pending": row["name"] == "shared_buffers"} for row in server_settings()]
    assert only(settings.check_settings(rows, context())).subject == "shared_buffers"


@pytest.mark.parametrize(
    ("is_created", "is_loaded", "expected"),
    [
        (False, False, []),
        (True, True, []),
        (True, False, ["statements_not_loaded"]),
        (False, True, ["statements_not_created"]),
    ],
)
def test_pg_stat_statements_needs_both_halves(is_created: bool, is_loaded: bool, expected: list[str]) -> None:
    row = {"is_created": is_created, "is_loaded": is_loaded}
    assert [finding.id for finding in statements.check_statements_not_loaded([row], context())] == expected


def test_preloading_keeps_the_libraries_that_are_there() -> None:
    row = {"is_created": True, "is_loaded": False}
    seen = context(preloaded=frozenset({"auto_explain"}))
    remedy = only(statements.check_statements_not_loaded([row], seen)).remedy
    assert "shared_preload_libraries = 'auto_explain', 'pg_stat_statements';" in remedy
    blind = only(statements.check_statements_not_loaded([row], context(can_monitor=False))).remedy
    assert "ALTER SYSTEM" not in blind


# Vectors


def column(table: str, name: str, dimension: int, *, is_configured: bool = False) -> dict[str, Any]:
    return {
        "subject": f"{table}.{name}",
        "table_name": table,
        "column_name": name,
        "type_name": "public.vector",
        "dimension": dimension,
        "is_configured": is_configured,
    }


@pytest.mark.parametrize(("expected", "ids"), [(None, []), (384, []), (1536, ["vector_dimension_drift"])])
def test_drift_against_the_configuration(expected: int | None, ids: list[str]) -> None:
    rows = [
        column("public.analysis_results", "embedding", 1536),
        column("public.tracks", "lyrics_embedding", 384, is_configured=True),
    ]
    findings = list(vectors.check_vector_dimension_drift(rows, context(embedding_dimension=expected)))
    assert [finding.id for finding in findings] == ids
    if findings:
        assert findings[0].remedy.endswith(
            'ALTER TABLE public.tracks ADD COLUMN "lyrics_embedding_1536" public.vector(1536);'
        )


def test_namesakes_with_other_dimensions() -> None:
    rows = [column("public.a", "embedding", 3), column("public.b", "embedding", 4), column("public.c", "other", 5)]
    finding = only(vectors.check_vector_dimension_drift(rows, context()))
    assert (finding.id, finding.subject) == ("vector_dimension_namesakes", "embedding")


@pytest.mark.parametrize(("largest", "expected"), [(3, []), (4, ["critical"])])
def test_mixed_dimensions(largest: int, expected: list[str]) -> None:
    row = {"subject": "public.t", "column_name": "e", "counting": "public.vector_dims(e)", "smallest": 3}
    row |= {"largest": largest, "sampled": 9}
    assert words(vectors.check_vector_dimension_mixed([row], context())) == expected


def test_an_unset_dimension() -> None:
    row = {
        "subject": "public.t.e",
        "table_name": "public.t",
        "column_name": "e",
        "type_name": "public.vector",
        "table_rows": 0,
    }
    assert words(vectors.check_vector_dimension_unset([row], context())) == ["warning"]


def ivfflat(**changed: Any) -> dict[str, Any]:
    return {
        "subject": "public.i",
        "table_name": "public.t",
        "lists": 100,
        "indexed_rows": 57_718,
        "live_rows": 57_718,
        "known_pages": 10_000,
        "pages": 10_000,
        **changed,
    }


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ivfflat(), []),
        (ivfflat(indexed_rows=269_646), []),
        (ivfflat(indexed_rows=10_000, lists=1000), []),
        (ivfflat(indexed_rows=400_000), ["info"]),
        (ivfflat(indexed_rows=399_000), []),
        (ivfflat(indexed_rows=20_000, lists=200), ["warning"]),
        (ivfflat(indexed_rows=4_000_000, lists=2000), []),
    ],
)
def test_ivfflat_lists(row: dict[str, Any], expected: list[str]) -> None:
    assert words(vectors.check_ivfflat_lists([row], context())) == expected


@pytest.mark.parametrize(
    ("changed", "is_found"),
    [
        ({}, True),
        ({"live_rows": 999}, False),
        ({"pages": 203}, False),
        ({"indexed_rows": 100}, False),
    ],
)
def test_an_index_built_on_an_empty_table(changed: dict[str, int], is_found: bool) -> None:
    row = ivfflat(**{"indexed_rows": 0, "live_rows": 1000, "known_pages": 102, "pages": 204, **changed})
    findings = list(vectors.check_ivfflat_lists([row], context()))
    assert [finding.id for finding in findings] == (["ivfflat_built_empty"] if is_found else [])


@pytest.mark.parametrize(
    ("table_rows", "null_share", "is_found"), [(1001, 0.91, True), (1001, 0.9, False), (1000, 1.0, False)]
)
def test_vector_nulls(table_rows: int, null_share: float, is_found: bool) -> None:
    row = {"subject": "public.t.e", "index_name": "public.i", "table_rows": table_rows, "null_share": null_share}
    assert bool(list(vectors.check_vector_nulls([row], context()))) is is_found


# Coverage


def test_analyzers_below_the_floor_and_without_any_row() -> None:
    rows = [
        {"analyzer": "gemma", "tracks": 98, "all_tracks": 100},
        {"analyzer": "qwen", "tracks": 99, "all_tracks": 100},
    ]
    ctx = context(coverage_floor_pct=99.0, coverage_analyzers=("qwen", "gemma", "ollama"))
    assert [finding.subject for finding in coverage.check_analyzer_coverage(rows, ctx)] == ["gemma", "ollama"]


def test_no_results_at_all_and_no_tracks_at_all() -> None:
    ctx = context(coverage_floor_pct=99.0, coverage_analyzers=("qwen",))
    nothing = {"analyzer": None, "tracks": None, "all_tracks": 100}
    assert only(coverage.check_analyzer_coverage([nothing], ctx)).evidence["tracks"] == 0
    assert list(coverage.check_analyzer_coverage([{**nothing, "all_tracks": 0}], ctx)) == []


@pytest.mark.parametrize(
    ("unanalyzed", "all_tracks", "is_found"), [(99, 10_000, False), (100, 10_000, True), (0, 0, False)]
)
def test_unanalyzed_tracks(unanalyzed: int, all_tracks: int, is_found: bool) -> None:
    row = {"unanalyzed": unanalyzed, "all_tracks": all_tracks}
    assert bool(list(coverage.check_unanalyzed_tracks([row], context()))) is is_found


# Keys, collations, idle sessions, search settings


@pytest.mark.parametrize(("size", "severity"), [(1024**3 - 1, "info"), (1024**3, "warning")])
def test_a_table_without_a_key_is_graded_by_its_size(size: int, severity: str) -> None:
    row = {"subject": "public.t", "table_rows": 5, "size_bytes": size, "unique_index": None, "free_column": "id"}
    found = only(constraints.check_missing_primary_key([{**row, "is_partitioned": False}], context()))
    assert found.severity.word == severity
    assert "ALTER TABLE public.t ADD COLUMN id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY;" in found.remedy
    for changed in ({"is_partitioned": True}, {"is_partitioned": False, "free_column": None}):
        found = only(constraints.check_missing_primary_key([{**row, **changed}], context()))
        assert "ALTER TABLE" not in found.remedy


def test_a_template_with_another_collation_is_refreshed_and_not_reindexed() -> None:
    row = {"kind": "database", "subject": "template1", "recorded": "1", "actual": "2", "is_here": False}
    found = only(collations.check_collation_version([{**row, "indexes": None, "index_names": None}], context()))
    assert "REINDEX" not in found.remedy
    assert found.remedy.endswith("ALTER DATABASE template1 REFRESH COLLATION VERSION;")


def test_a_collation_is_refreshed_only_after_all_its_indexes() -> None:
    row = {"kind": "collation", "subject": "public.k", "recorded": "1", "actual": "2", "is_here": True}
    found = only(collations.check_collation_version([{**row, "indexes": 2, "index_names": ["a.b"]}], context()))
    assert found.remedy == "REINDEX INDEX CONCURRENTLY a.b;\n-- and 1 more indexes: look again after these"


def idle_role(**changed: Any) -> dict[str, Any]:
    return {
        "role_name": "app",
        "role_quoted": "app",
        "sessions": 20,
        "in_transaction": 0,
        "longest_s": 700.5,
        "max_connections": 100,
        "has_idle_limit": False,
        "has_transaction_limit": False,
        **changed,
    }


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["info"]),
        ({"sessions": 19}, []),
        ({"sessions": 50}, ["warning"]),
        ({"sessions": 49}, ["info"]),
        ({"has_idle_limit": True}, []),
        ({"sessions": 0, "in_transaction": 5}, ["warning"]),
        ({"sessions": 0, "in_transaction": 4}, []),
        ({"sessions": 0, "in_transaction": 5, "has_transaction_limit": True}, []),
    ],
)
def test_idle_sessions_in_numbers(changed: dict[str, Any], expected: list[str]) -> None:
    assert words(activity.check_idle_sessions([idle_role(**changed)], context())) == expected


def searched(**changed: Any) -> dict[str, Any]:
    row = {"name": "ivfflat.probes", "usual": 1, "value": None, "place": None, "indexes": 1, "largest": "public.i"}
    return {**row, "lists": 50, "table_name": "public.t", **changed}


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        ({}, 'ALTER DATABASE "sample" SET ivfflat.probes = 7;'),
        ({"lists": 49}, None),
        ({"value": "7", "place": "DATABASE d"}, None),
        ({"value": "7", "place": "DATABASE d", "indexes": 0}, "ALTER DATABASE d RESET ivfflat.probes;"),
        ({"name": "hnsw.ef_search", "usual": 40, "lists": None}, None),
        ({"name": "hnsw.ef_search", "usual": 40, "value": "40", "place": "ROLE r", "lists": None}, None),
        (
            {"name": "hnsw.ef_search", "usual": 40, "value": "39", "place": "SYSTEM", "lists": None},
            "ALTER SYSTEM RESET hnsw.ef_search;\nSELECT pg_reload_conf();",
        ),
    ],
)
def test_search_settings(changed: dict[str, Any], remedy: str | None) -> None:
    found = list(vectors.check_vector_search_settings([searched(**changed)], context()))
    assert [one.remedy for one in found] == ([remedy] if remedy else [])
