"""Runs over the table, shard by shard: each process writes how far it is, and `status` adds them up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boombap.spotify.catalogue import schema
from boombap.spotify.queries.load import query

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boombap.clients.postgres.pool import Pool
    from boombap.clients.postgres.session import Row, Session
    from boombap.errors import BoombapError
    from boombap.spotify.model import Shard

_MOST_RUNS = 5
_MOST_CHARACTERS = 500


class ShardCounts(NamedTuple):
    """What one process has done of its shard.

    Attributes:
        total: tracks that were wanted when it began; None where they were not counted.
        tracks: that have a verdict.
        matched: of these.
        requests: sent to the Web API.
    """

    total: int | None = None
    tracks: int = 0
    matched: int = 0
    requests: int = 0


class RunProgress(NamedTuple):
    """One run, all its shards together.

    Attributes:
        run: its number.
        action: `batch` or `refresh`.
        shards: how many there are to be.
        running: the numbers of the shards that a process works on.
        ended: of those that are done.
        failed: of those that an error ended, with what it said.
        interrupted: of those whose process got a signal, or is gone.
        missing: of those that have not begun.
        tracks: that have a verdict, of all attempts; so with `matched` and `requests`.
        rate_per_s: tracks of the running shards, since each began.
        left_s: until the last running shard ends at its rate; None where that is unknown.
        age_s: since the last word of a shard.
    """

    run: int
    action: str
    shards: int
    running: tuple[int, ...]
    ended: tuple[int, ...]
    failed: dict[int, str]
    interrupted: tuple[int, ...]
    missing: tuple[int, ...]
    tracks: int
    matched: int
    requests: int
    rate_per_s: float
    left_s: float | None
    age_s: float


class ShardRecord:
    """The row of one process about its shard.

    Args:
        holder: the number under which the process holds its leases; its lock tells whether the process is there.
    """

    def __init__(self, pool: Pool, action: str, shard: Shard, holder: int) -> None:
        self._pool = pool
        values = {"action": action, "shard": shard.number, "shards": shard.total, "holder": holder}
        with pool.session() as session, session.transaction():
            session.write(query("lock_runs"), {"space": schema.LOCK_SPACE})
            session.write(query("forget_runs"))
            (row,) = session.write(query("begin_run"), values | {"space": schema.LOCK_SPACE})
        self._id: int = row["id"]

    def update(self, counts: ShardCounts) -> None:
        """Write how far the process is.

        Raises:
            ExternalError: the server failed.
        """
        self._write(counts, None, None)

    def end(self, counts: ShardCounts, error: BoombapError | None) -> None:
        """Write what the process came to.

        Raises:
            ExternalError: the server failed.
        """
        # ASCII: a database of another encoding takes it too.
        reason = str(error).encode("ascii", "backslashreplace").decode().replace("\0", "")[:_MOST_CHARACTERS]
        self._write(counts, error.exit_code if error else 0, reason if error else None)

    def _write(self, counts: ShardCounts, exit_code: int | None, ended_by: str | None) -> None:
        values = {"id": self._id, "exit_code": exit_code, "ended_by": ended_by, **counts._asdict()}
        with self._pool.session() as session, session.transaction():
            session.write(query("record_run"), values)


def read_runs(session: Session) -> tuple[RunProgress, ...]:
    """Return the latest runs and those that are running, the one that was last at work first."""
    rows = session.read(query("status_runs"), {"space": schema.LOCK_SPACE, "most": _MOST_RUNS})
    runs: dict[int, list[Row]] = {}
    for row in rows:
        runs.setdefault(row["run"], []).append(row)
    return tuple(sorted(map(_progress, runs.values()), key=lambda run: run.age_s))


def _progress(rows: list[Row]) -> RunProgress:
    first, running = rows[0], [row for row in rows if row["state"] == "running"]
    seen = {row["shard"] for row in rows}
    return RunProgress(
        run=first["run"],
        action=first["action"],
        shards=first["shards"],
        running=_shards(rows, "running"),
        ended=_shards(rows, "ended"),
        failed={row["shard"]: row["ended_by"] for row in rows if row["state"] == "failed"},
        interrupted=_shards(rows, "interrupted"),
        missing=tuple(shard for shard in range(1, first["shards"] + 1) if shard not in seen),
        tracks=_sum(rows, "tracks"),
        matched=_sum(rows, "matched"),
        requests=_sum(rows, "requests"),
        rate_per_s=sum(row["rate_per_s"] for row in running),
        left_s=_left_s(running),
        age_s=min(row["age_s"] for row in rows),
    )


def _shards(rows: Iterable[Row], state: str) -> tuple[int, ...]:
    return tuple(row["shard"] for row in rows if row["state"] == state)


def _sum(rows: Iterable[Row], name: str) -> int:
    return sum(int(row[name]) for row in rows)


def _left_s(running: list[Row]) -> float | None:
    if not running or any(row["tracks_left"] is None or not row["rate_per_s"] for row in running):
        return None
    return max(float(row["tracks_left"] / row["rate_per_s"]) for row in running)
