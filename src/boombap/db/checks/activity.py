"""Who blocks, idles or holds on: the sessions of the server, from pg_stat_activity and pg_locks."""

from __future__ import annotations

import re

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS, grade
from boombap.health.finding import Finding, Severity
from boombap.units import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

# A web request gives up after 30-60 s: from then on a chain of waits is an outage for its users.
_WAIT_WARNING_S = 5
_WAIT_CRITICAL_S = 60
# The platform's own statements end within 5 s; what runs for minutes is a report or an accident.
_TRANSACTION_INFO_S = 300
_TRANSACTION_WARNING_S = 1800
# An application goes from one statement to the next in milliseconds; 2 s is already somebody's prompt or a bug.
_IDLE_INFO_S = 2
_IDLE_WARNING_S = 300
_IDLE_CRITICAL_S = 3600
# As many dead versions of hot rows may pile up; autovacuum's own ceiling for freezing is 200 million.
_XMIN_INFO_XIDS = 100_000
_XMIN_WARNING_XIDS = 1_000_000
_XMIN_CRITICAL_XIDS = 500_000_000
# Two-phase commit ends within moments; a transaction prepared for an hour has lost its coordinator.
_PREPARED_WARNING_S = 60
_PREPARED_CRITICAL_S = 3600
_CONNECTIONS_WARNING_PCT = 80
_CONNECTIONS_CRITICAL_PCT = 95
# pg_blocking_pids() gives 0 for a prepared transaction, which has no backend.
_PREPARED_PID = 0
# A pool of ten is at home anywhere; twenty that nobody used for ten minutes are somebody's leak, or too large a pool.
_IDLE_SESSIONS = 20
_IDLE_SHARE_PCT = 50
# One session idle in a transaction is `idle_in_transaction`; five of one role are a way of working.
_IDLE_TRANSACTIONS = 5
_IDLE_SESSION_MAJOR = 14
_TRANSACTION_TIMEOUT_MAJOR = 17
_IDLE_TIMEOUT = "idle_in_transaction_session_timeout"
_SHOWN_CHARACTERS = 200
_SECRET = re.compile(r"password|://[^ ]+@", re.IGNORECASE)


def check_blocking(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find each backend that waits for nobody and has others waiting for it; soft waits in the queue count."""
    backends = {row["pid"]: row for row in rows}
    for pid, root in backends.items():
        if root["blocked_by"]:
            continue
        depths = _waiters(pid, backends)
        if depths:
            yield _blocking(root, [backends[waiter] for waiter in depths], max(depths.values()))


def _waiters(root: int, backends: Mapping[int, Row]) -> dict[int, int]:
    """Return every backend that waits for `root`, directly or through others, with its distance from it."""
    depths: dict[int, int] = {}
    layer = {root}
    while layer:
        depth = max(depths.values(), default=0) + 1
        layer = {
            pid for pid, row in backends.items() if pid not in depths and pid != root and layer & set(row["blocked_by"])
        }
        depths.update(dict.fromkeys(layer, depth))
    return depths


def _blocking(root: Row, waiters: Sequence[Row], depth: int) -> Finding:
    wait_s = max((row["wait_s"] for row in waiters if row["wait_s"] is not None), default=0.0)
    waits_for = ", ".join(sorted({row["waits_for"] for row in waiters if row["waits_for"]}))
    what = "a prepared transaction" if root["pid"] == _PREPARED_PID else f"pid {root['pid']}"
    many = "1 session waits" if len(waiters) == 1 else f"{len(waiters)} sessions wait"
    return Finding(
        "blocking",
        grade(wait_s, info=0, warning=_WAIT_WARNING_S, critical=_WAIT_CRITICAL_S) or Severity.INFO,
        what,
        f"{many} for {what}, the longest for {format_duration(wait_s)}",
        {
            "waiting": len(waiters),
            "longest_wait_s": round(wait_s, 3),
            "depth": depth,
            "waits_for": waits_for,
            "user": root["user_name"],
            "application": root["application"],
            "state": root["state"],
            "transaction_s": _rounded(root["transaction_s"]),
            "query": _statement(root["query"]),
        },
        _ending(root),
        DOCS + "explicit-locking.html",
    )


def _ending(root: Row) -> str:
    """Return the mildest statement that makes a root let go of its locks."""
    if root["pid"] == _PREPARED_PID:
        return "SELECT gid, prepared, database FROM pg_prepared_xacts ORDER BY prepared;"
    # An idle session has no statement to cancel; its locks go only with the session.
    verb = "cancel" if root["state"] == "active" else "terminate"
    return f"SELECT pg_{verb}_backend({root['pid']});"


def check_long_transaction(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find transactions that have been at work for minutes; never critical, a dump may take hours."""
    for row in rows:
        age_s = row["transaction_s"]
        severity = grade(age_s, info=_TRANSACTION_INFO_S, warning=_TRANSACTION_WARNING_S)
        if severity is None:
            continue
        yield Finding(
            "long_transaction",
            severity,
            f"pid {row['pid']}",
            f"a transaction of {row['user_name']} has been running for {format_duration(age_s)}",
            {"transaction_s": round(age_s, 3), **_session(row), "query": _statement(row["query"])},
            f"SELECT pg_cancel_backend({row['pid']});",
            DOCS + "routine-vacuuming.html",
        )


def check_idle_in_transaction(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find sessions that opened a transaction and went away with its locks and its snapshot."""
    for row in rows:
        idle_s = row["idle_s"]
        severity = grade(idle_s, info=_IDLE_INFO_S, warning=_IDLE_WARNING_S, critical=_IDLE_CRITICAL_S)
        if severity is None:
            continue
        yield Finding(
            "idle_in_transaction",
            severity,
            f"pid {row['pid']}",
            f"a session of {row['user_name']} has been idle in a transaction for {format_duration(idle_s)}",
            {
                "idle_s": round(idle_s, 3),
                "transaction_s": _rounded(row["transaction_s"]),
                "state": row["state"],
                **_session(row),
                "last_query": _statement(row["last_query"]),
            },
            f"SELECT pg_terminate_backend({row['pid']});",
            DOCS + "runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT",
        )


def _session(row: Row) -> dict[str, str | None]:
    return {"user": row["user_name"], "database": row["database"], "application": row["application"]}


def check_xmin_horizon(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find the one snapshot that keeps VACUUM from removing the rows that died after it."""
    for row in rows:
        age = row["age_xids"]
        severity = grade(age, info=_XMIN_INFO_XIDS, warning=_XMIN_WARNING_XIDS, critical=_XMIN_CRITICAL_XIDS)
        if severity is None:
            continue
        yield Finding(
            "xmin_horizon",
            severity,
            f"{row['kind']} {row['holder']}",
            f"{row['kind']} {row['holder']} holds back VACUUM by {age:,} transactions",
            {"age_xids": age, "kind": row["kind"], "pid": row["pid"]},
            _letting_go(row),
            DOCS + "routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY",
        )


def _letting_go(row: Row) -> str:
    if row["kind"] == "backend":
        return f"SELECT pg_terminate_backend({row['pid']});"
    if row["kind"] == "slot":
        return f"SELECT pg_drop_replication_slot({row['holder_literal']});"
    return f"ROLLBACK PREPARED {row['holder_literal']};"


def check_prepared_transactions(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find transactions prepared for two-phase commit: they keep locks and xmin, over restarts too."""
    for row in rows:
        age_s = row["age_s"]
        severity = grade(age_s, info=0, warning=_PREPARED_WARNING_S, critical=_PREPARED_CRITICAL_S)
        if severity is None:
            continue
        place = "" if row["database"] == context.server.database else f"-- in database {row['database']}\n"
        yield Finding(
            "prepared_transactions",
            severity,
            row["gid"],
            f"transaction {row['gid']} has been prepared and not ended for {format_duration(age_s)}",
            {
                "age_s": round(age_s, 3),
                "age_xids": row["age_xids"],
                "user": row["user_name"],
                "database": row["database"],
            },
            f"{place}ROLLBACK PREPARED {row['gid_literal']};",
            DOCS + "sql-prepare-transaction.html",
        )


def check_connections_saturation(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Compare the connections with the slots that an ordinary role can get: the reserved ones are not for it."""
    for row in rows:
        slots = max(row["max_connections"] - row["reserved"], 1)
        used_pct = 100 * row["connections"] / slots
        severity = grade(used_pct, warning=_CONNECTIONS_WARNING_PCT, critical=_CONNECTIONS_CRITICAL_PCT)
        if severity is None:
            continue
        yield Finding(
            "connections_saturation",
            severity,
            "max_connections",
            f"{row['connections']} of {slots} connections are taken ({used_pct:.0f} %)",
            {
                "connections": row["connections"],
                "max_connections": row["max_connections"],
                "reserved": row["reserved"],
                "used_pct": round(used_pct, 1),
            },
            "put a pooler (PgBouncer) before the server, or end idle sessions: `boombap db --connections`",
            DOCS + "runtime-config-connection.html#GUC-MAX-CONNECTIONS",
        )


def check_idle_sessions(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find roles whose sessions sit idle in numbers while no time-out ends them."""
    for row in rows:
        share_pct = 100 * row["sessions"] / row["max_connections"]
        if row["sessions"] >= _IDLE_SESSIONS and not row["has_idle_limit"]:
            yield _idle_sessions(row, share_pct, context)
        if row["in_transaction"] >= _IDLE_TRANSACTIONS and not row["has_transaction_limit"]:
            yield _unlimited_transactions(row, context)


def _idle_sessions(row: Row, share_pct: float, context: Context) -> Finding:
    note = "-- not where a pool keeps its sessions open: make that pool smaller\n"
    has_setting = context.server.major >= _IDLE_SESSION_MAJOR
    return Finding(
        "idle_sessions",
        grade(share_pct, warning=_IDLE_SHARE_PCT) or Severity.INFO,
        f"role {row['role_name']}",
        f"{row['sessions']} sessions have been idle for ten minutes or more, {share_pct:.0f} % of max_connections",
        {
            "sessions": row["sessions"],
            "longest_s": round(row["longest_s"]),
            "max_connections": row["max_connections"],
            "used_pct": round(share_pct, 1),
        },
        f"{note}ALTER ROLE {row['role_quoted']} SET idle_session_timeout = '30min';"
        if has_setting
        else "make the pool of this role smaller, or put PgBouncer before the server",
        DOCS + "runtime-config-client.html#GUC-IDLE-SESSION-TIMEOUT",
    )


def _unlimited_transactions(row: Row, context: Context) -> Finding:
    name = "transaction_timeout" if context.server.major >= _TRANSACTION_TIMEOUT_MAJOR else _IDLE_TIMEOUT
    note = "-- also ends transactions that work for longer\n" if name != _IDLE_TIMEOUT else ""
    return Finding(
        "unlimited_transactions",
        Severity.WARNING,
        f"role {row['role_name']}",
        f"{row['in_transaction']} sessions have been idle in a transaction for a minute or more, and nothing ends them",
        {"sessions": row["in_transaction"], "longest_s": round(row["longest_s"])},
        f"ALTER ROLE {row['role_quoted']} SET {_IDLE_TIMEOUT} = '5min';"
        + (f"\n{note}ALTER ROLE {row['role_quoted']} SET {name} = '1h';" if note else ""),
        DOCS + "runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT",
    )


def _statement(text: str | None) -> str | None:
    """Return the start of a statement; one that names a password is hidden whole, the server may have cut a quote."""
    if text is not None and _SECRET.search(text):
        return "(hidden: it names a password)"
    return None if text is None else text[:_SHOWN_CHARACTERS]


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


CHECKS: tuple[Check, ...] = (
    Check("blocking", "Sessions that block others", check_blocking),
    Check("long_transaction", "Long transactions", check_long_transaction, needs_monitor=True),
    Check("idle_in_transaction", "Idle in transaction", check_idle_in_transaction, needs_monitor=True),
    Check("xmin_horizon", "Who holds back VACUUM", check_xmin_horizon),
    Check("prepared_transactions", "Prepared transactions", check_prepared_transactions),
    Check("idle_sessions", "Idle sessions without a limit", check_idle_sessions, needs_monitor=True),
    Check("connections_saturation", "Connections against the limit", check_connections_saturation),
)
