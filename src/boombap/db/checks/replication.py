"""Whether copies follow and WAL goes where it should: slots, standbys, the archiver, checkpoints."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS, grade
from boombap.health.finding import Finding, Severity
from boombap.units import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

_GIB = 1024**3
# Ten times max_wal_size's default: a disk sized for a quiet server is near its end.
_KEPT_CRITICAL_BYTES = 10 * _GIB
# Within a minute one checkpoint or one load is all that there was.
_LOOKS_APART_S = 60
_LAG_WARNING_BYTES = _GIB
# After a minute readers of a standby notice; after ten its takeover loses minutes of work.
_LAG_WARNING_S = 60
_LAG_CRITICAL_S = 600
# A failed command is retried every minute; an hour of failures does not mend itself and pg_wal grows all the while.
_ARCHIVE_CRITICAL_S = 3600
# Below a day one load decides the share; more than one an hour on demand means max_wal_size is too small.
_CHECKPOINT_WINDOW_S = 86_400
_CHECKPOINTS_PER_HOUR = 1
_CHECKPOINT_SHARE = 0.5


def check_replication_slots(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find slots that lost their WAL, are about to, or keep it for nobody."""
    for row in rows:
        verdict = _slot_verdict(row)
        if verdict is None:
            continue
        severity, summary = verdict
        growth = _growth(row, context)
        lost_in_s = _lost_in_s(row, growth)
        if lost_in_s is not None:
            summary += f"; at the pace since the snapshot it loses its WAL in {format_duration(lost_in_s)}"
        yield Finding(
            "replication_slots",
            severity,
            row["subject"],
            summary,
            {
                "slot_type": row["slot_type"],
                "database": row["database"],
                "is_active": row["is_active"],
                "wal_status": row["wal_status"],
                "kept_bytes": row["kept_bytes"],
                "safe_wal_bytes": row["safe_wal_bytes"],
                "growth_bytes_per_s": None if growth is None else round(growth, 1),
                "lost_in_s": None if lost_in_s is None else round(lost_in_s),
            },
            "start its consumer, or give it room with max_slot_wal_keep_size"
            if row["is_active"]
            else f"SELECT pg_drop_replication_slot({row['slot_literal']});",
            DOCS + "view-pg-replication-slots.html",
        )


def _growth(row: Row, context: Context) -> float | None:
    """Return by how much a slot keeps more each second since the last snapshot; None when no two looks tell."""
    before = context.kept_before.get(row["subject"])
    if before is None or row["kept_bytes"] is None or context.before_s < _LOOKS_APART_S:
        return None
    return float(row["kept_bytes"] - before) / context.before_s


def _lost_in_s(row: Row, growth: float | None) -> float | None:
    """Return when max_slot_wal_keep_size takes a slot's WAL; without that limit the disk decides."""
    if growth is None or growth <= 0 or row["safe_wal_bytes"] is None:
        return None
    return max(0.0, float(row["safe_wal_bytes"])) / growth


def _slot_verdict(row: Row) -> tuple[Severity, str] | None:
    kept = row["kept_bytes"] or 0
    if row["wal_status"] == "lost":
        return Severity.CRITICAL, "the WAL that the slot needs is gone; its consumer must be rebuilt"
    if row["wal_status"] == "unreserved":
        return Severity.CRITICAL, "the slot loses its WAL at the next checkpoint"
    is_endless = kept >= _KEPT_CRITICAL_BYTES and not row["is_limited"]
    if not row["is_active"]:
        severity = Severity.CRITICAL if is_endless else Severity.WARNING
        return severity, f"nobody reads the slot, and it keeps {format_size(kept)} of WAL"
    if is_endless:
        return Severity.WARNING, f"the slot's consumer is {format_size(kept)} of WAL behind, and nothing limits it"
    return None


def check_replication_lag(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find standbys that fall behind, and, on a standby, a replay that is late, paused or cut off."""
    for row in rows:
        lag_s, lag_bytes = row["lag_s"] or 0.0, row["lag_bytes"] or 0
        severity = _lag_severity(row, lag_s, lag_bytes)
        if severity is None:
            continue
        yield Finding(
            "replication_lag",
            severity,
            row["subject"],
            _lag_summary(row, lag_s, lag_bytes),
            {
                "lag_s": round(lag_s, 3),
                "lag_bytes": lag_bytes,
                "state": row["state"],
                "is_paused": row["is_paused"],
            },
            "SELECT pg_wal_replay_resume();"
            if row["is_paused"]
            else "look for a slow disk or network, or a long query that holds up replay on the standby",
            DOCS + "warm-standby.html#STREAMING-REPLICATION-MONITORING",
        )


def _lag_severity(row: Row, lag_s: float, lag_bytes: int) -> Severity | None:
    if row["is_paused"] or row["state"] == "disconnected":
        return grade(lag_s, critical=_LAG_CRITICAL_S) or Severity.WARNING
    by_time = grade(lag_s, warning=_LAG_WARNING_S, critical=_LAG_CRITICAL_S)
    return by_time or grade(lag_bytes, warning=_LAG_WARNING_BYTES)


def _lag_summary(row: Row, lag_s: float, lag_bytes: int) -> str:
    if row["is_paused"]:
        return f"replay is paused, {format_size(lag_bytes)} behind"
    if row["state"] == "disconnected":
        return "no WAL receiver runs on this standby"
    return f"{row['subject']} is {format_duration(lag_s)} and {format_size(lag_bytes)} behind"


def check_archiver(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find an archive whose last attempt failed: backups have a hole from there on, and pg_wal grows."""
    for row in rows:
        if row["archive_mode"] == "off" or not row["is_failing"]:
            continue
        since_s = row["since_success_s"]
        # Without any success the archive has never worked, which no retry mends.
        severity = Severity.CRITICAL if since_s is None else grade(since_s, warning=0, critical=_ARCHIVE_CRITICAL_S)
        never = "and none has ever succeeded"
        success = never if since_s is None else f"the last success was {format_duration(since_s)} ago"
        yield Finding(
            "archiver",
            severity or Severity.WARNING,
            "archive_command",
            f"archiving of {row['last_failed_wal']} fails, {success}",
            {
                "failed": row["failed"],
                "archived": row["archived"],
                "last_failed_wal": row["last_failed_wal"],
                "since_success_s": None if since_s is None else round(since_s),
            },
            "read the server log for the output of archive_command, and free or reach the archive",
            DOCS + "continuous-archiving.html#BACKUP-ARCHIVING-WAL",
        )


def check_checkpoints(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find checkpoints forced by full WAL: each makes every page be written whole again. Judged after a full day."""
    for row in rows:
        total = row["timed"] + row["requested"]
        age_s = row["stats_age_s"] or 0.0
        per_hour = row["requested"] / max(age_s / 3600, 1)
        is_often = per_hour > _CHECKPOINTS_PER_HOUR and row["requested"] > _CHECKPOINT_SHARE * total
        if age_s < _CHECKPOINT_WINDOW_S or not is_often:
            continue
        yield Finding(
            "checkpoints",
            Severity.WARNING,
            "max_wal_size",
            f"{row['requested']:,} of {total:,} checkpoints came on demand, {per_hour:.1f} an hour",
            {
                "requested": row["requested"],
                "timed": row["timed"],
                "stats_age_s": round(age_s),
                "max_wal_bytes": row["max_wal_bytes"],
            },
            f"ALTER SYSTEM SET max_wal_size = '{2 * row['max_wal_bytes'] // 1024**2}MB';\nSELECT pg_reload_conf();",
            DOCS + "wal-configuration.html",
        )


CHECKS: tuple[Check, ...] = (
    Check("replication_slots", "Replication slots", check_replication_slots),
    Check("replication_lag", "Replication lag", check_replication_lag, needs_monitor=True),
    Check("archiver", "WAL archiving", check_archiver),
    Check("checkpoints", "Checkpoints on demand", check_checkpoints, on_replica=False),
)
