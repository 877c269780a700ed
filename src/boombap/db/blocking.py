"""Who holds up whom: the rows of ``locks.sql`` as trees, each with its root and what would end it."""

from __future__ import annotations

from boombap.db.model import Blocked
from boombap.db.queries.load import query
from boombap.db.read import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from boombap.db.model import Row, Server
    from boombap.db.read import Read


def trees(read: Read, facts: Server) -> tuple[Blocked, ...]:
    """Return every session that waits or is waited for, each root followed by those that it holds up."""
    return tuple(arrange(read(query("locks", facts.major))))


def arrange(rows: Sequence[Row]) -> Iterator[Blocked]:
    """Yield the sessions in tree order; each stands once, under the first that it waits for.

    A deadlock has no root; the server ends it after deadlock_timeout, and until then its lowest pid counts as the root.
    """
    by_pid = {row["pid"]: row for row in rows}
    held: dict[int, list[int]] = {}
    for pid, row in by_pid.items():
        for blocker in row["blocked_by"] or ():
            held.setdefault(blocker, []).append(pid)
    seen: set[int] = set()
    roots = [pid for pid, row in by_pid.items() if not row["blocked_by"]]
    for pid in [*roots, *sorted(by_pid)]:
        yield from _branch(pid, 0, by_pid, held, seen)


def _branch(
    pid: int, depth: int, by_pid: Mapping[int, Row], held: Mapping[int, list[int]], seen: set[int]
) -> Iterator[Blocked]:
    if pid in seen:
        return
    seen.add(pid)
    yield _blocked(by_pid[pid], depth)
    for waiting in sorted(held.get(pid, ())):
        yield from _branch(waiting, depth + 1, by_pid, held, seen)


def _blocked(row: Row, depth: int) -> Blocked:
    return Blocked(
        pid=row["pid"],
        user=row["user"] or "(unknown)",
        application=row["application"] or "",
        state=row["state"] or ("prepared transaction" if row["pid"] == 0 else "hidden"),
        in_state_s=row["in_state_s"] or 0.0,
        wants=row["wants"] or "",
        query=one_line(row["query"]),
        depth=depth,
        waits_on=tuple(row["blocked_by"] or ()),
        remedy=_remedy(row) if depth == 0 else "",
    )


def _remedy(row: Row) -> str:
    if row["pid"]:
        return f"SELECT pg_terminate_backend({row['pid']});"
    if row["prepared"]:
        return "ROLLBACK PREPARED '{}';".format(row["prepared"].replace("'", "''"))
    return "SELECT gid FROM pg_prepared_xacts; -- then ROLLBACK PREPARED 'gid';"
