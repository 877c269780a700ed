"""Which rows of `tracks` want metadata, and who works on them: leases that let any number of processes run at once.

A lease is a row of `spotify_leases`. It ends when the row's result is stored, in the same transaction; with its time;
or with the session of its process, which holds an advisory lock as long as it stands: after ``kill -9`` the rows are
free at once. Through PgBouncer in transaction mode the lock belongs to no process, and time alone ends a lease.
"""

from __future__ import annotations

import random
import re
from enum import IntEnum
from typing import NamedTuple

from boombap.clients.postgres.steady import SteadySession
from boombap.errors import RetryLater
from boombap.spotify.catalogue import schema
from boombap.spotify.model import Priority, Shard, TrackQuery
from boombap.spotify.queries.load import query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from boombap.clients.postgres.session import Row, Session

_DAY_S = 86_400.0
_HOLDERS = 2**31 - 1
_CHUNK = 500
_LEASE_S = 600.0
_ID = re.compile(r"[0-9A-Za-z]{22}")


class Phase(IntEnum):
    """The groups of wanted rows, in the order in which they are served; the numbers are in the queries."""

    ASKED = 0
    REFRESH = 1
    MISSING = 2
    UNJUDGED = 3


_PRIORITIES = {Phase.ASKED: Priority.ASKED, Phase.REFRESH: Priority.REFRESH}


class Selection(NamedTuple):
    """Which rows are wanted.

    Attributes:
        max_tracks: how many at most; None for all.
        phases: which groups.
        asked: rows that someone asked for by their id: first, and however fresh they are.
        refresh_s: matched rows older than this are asked for again (`Phase.REFRESH`); None for never.
        miss_s: rows without an answer, and rows that the server refused, are asked for again after this.
        shard: the part of the table that the rows are in; the whole table unless given.
    """

    max_tracks: int | None = None
    phases: tuple[Phase, ...] = tuple(Phase)
    asked: tuple[int, ...] = ()
    refresh_s: float | None = None
    miss_s: float = 30 * _DAY_S
    shard: Shard = Shard()

    @property
    def served(self) -> tuple[Phase, ...]:
        """Return the groups that can hold a row at all."""
        empty = {
            *(() if self.asked else (Phase.ASKED,)),
            *(() if self.refresh_s is not None else (Phase.REFRESH,)),
        }
        return tuple(phase for phase in sorted(self.phases) if phase not in empty)


class Unserved(NamedTuple):
    """Rows without an answer that a run did not get.

    Attributes:
        leased: other processes work on them.
        refused: PostgreSQL refused their answer lately; see `spotify_dead_letters`.
    """

    leased: int = 0
    refused: int = 0


class Leases:
    """Takes wanted rows for this process, chunk by chunk; give it a session of its own, and one thread.

    Args:
        reopen: opens another session where the server has ended this one; the rows stay ours.

    Attributes:
        holder: the number under which this process holds its rows; `CatalogueWriter` ends their leases with it.
    """

    def __init__(
        self,
        session: Session,
        selection: Selection,
        *,
        chunk: int = _CHUNK,
        lease_s: float = _LEASE_S,
        reopen: Callable[[], Session] | None = None,
    ) -> None:
        self._steady = SteadySession(session, reopen, self._hold_again)
        self._selection = selection
        self._chunk = chunk
        self._lease_s = lease_s
        self._left = selection.max_tracks
        self.holder = _hold(session)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # The end of the session ends the leases too; giving them back now spares the next process a look at the locks.
        if kind is None and self._session.is_usable:
            self.release()
        self._session.close()

    def chunks(self) -> Iterator[list[TrackQuery]]:
        """Yield the rows, taken just before they are given, until there are no more or enough.

        Raises:
            ExternalError: the server failed; what was given stays ours until the session ends.
        """
        left = self._selection.max_tracks
        for phase in self._selection.served:
            after: int | None = 0
            while after is not None and (left is None or left > 0):
                chunk, after = self._take(phase, after, self._chunk if left is None else min(self._chunk, left))
                left = None if left is None else left - len(chunk)
                self._left = left
                if chunk:
                    yield chunk

    def peek(self) -> Iterator[list[TrackQuery]]:
        """Yield the rows that are wanted now, those that are ours among them, without taking one."""
        return peek(self._session, self._selection)

    @property
    def _session(self) -> Session:
        return self._steady.session

    def take(self, keys: Sequence[int]) -> list[TrackQuery]:
        """Take those of some rows that are still wanted and that nobody has taken, as long as it is not enough.

        Raises:
            ExternalError: as `chunks` does.
        """
        rows: list[TrackQuery] = []
        for phase in self._selection.served:
            if self._left == 0:
                break
            taken, _ = self._take(phase, 0, self._left, keys)
            self._left = None if self._left is None else self._left - len(taken)
            rows += taken
        return rows

    def renew(self) -> None:
        """Restart the time of every lease, when work takes long."""
        values = {"holder": self.holder, "lease_s": self._lease_s}
        self._steady.run(lambda session: session.write(query("renew"), values))

    def unserved(self) -> Unserved:
        """Count the rows that are not for this process now."""
        values = {"holder": self.holder, "miss_s": self._selection.miss_s, **_shard(self._selection)}
        return Unserved(**self._steady.run(lambda session: session.read(query("unserved"), values))[0])

    def release(self, keys: Sequence[int] | None = None) -> None:
        """Release some rows, or all, without a result."""
        ids = None if keys is None else list(keys)
        self._session.write(query("release"), {"holder": self.holder, "ids": ids})

    def _hold_again(self, session: Session) -> None:
        """Take the lock of our holder on a new session: what we have leased is ours as long as somebody has it."""
        if not session.write(query("hold"), {"space": schema.LOCK_SPACE, "holder": self.holder})[0]["held"]:
            raise RetryLater("another process works on the rows that this one had leased", hint="start it again")

    def _take(
        self, phase: Phase, after: int, max_tracks: int | None, keys: Sequence[int] | None = None
    ) -> tuple[list[TrackQuery], int | None]:
        """Take rows of a group: the first after one, or those of some keys."""
        return self._steady.run(lambda session: self._take_over(session, phase, after, max_tracks, keys))

    def _take_over(
        self, session: Session, phase: Phase, after: int, max_tracks: int | None, keys: Sequence[int] | None
    ) -> tuple[list[TrackQuery], int | None]:
        mine = {"holder": self.holder, "lease_s": self._lease_s, "space": schema.LOCK_SPACE}
        values = _values(self._selection, phase)
        with session.transaction():
            session.write(query("end_leases"), mine)
            session.write(query("plan_by_keys"))
            (taken,) = session.write(query("take"), values | mine | {"after": after, "most": max_tracks, "ids": keys})
            ids: list[int] = taken["ids"]
            rows = session.write(query("wanted"), values | {"after": 0, "most": None, "ids": ids})
            done = set(ids) - {row["id"] for row in rows}
            if done:
                self.release(list(done))
        return [_wanted(row, phase) for row in rows], taken["last_id"]


def peek(session: Session, selection: Selection, *, chunk: int = 5_000) -> Iterator[list[TrackQuery]]:
    """Yield the rows that are wanted now without taking them, also before the tables exist; for plans."""
    name = _query_name(session)
    left = selection.max_tracks
    for phase in selection.served:
        after: int | None = 0
        while after is not None and (left is None or left > 0):
            max_tracks = chunk if left is None else min(chunk, left)
            values = _values(selection, phase) | {"after": after, "most": max_tracks, "ids": None}
            rows = [_wanted(row, phase) for row in session.read(query(name), values)]
            left = None if left is None else left - len(rows)
            after = rows[-1].key if rows else None
            if rows:
                yield rows


def peek_rows(session: Session, selection: Selection, keys: Sequence[int]) -> list[TrackQuery]:
    """Return those of some rows that are wanted now, without taking them."""
    name, rows = _query_name(session), []
    for phase in selection.served:
        values = _values(selection, phase) | {"after": 0, "most": None, "ids": keys}
        rows += [_wanted(row, phase) for row in session.read(query(name), values)]
    return rows


def _query_name(session: Session) -> str:
    return "wanted" if schema.is_installed(session) else "wanted_bare"


def _hold(session: Session) -> int:
    while True:
        # Not 0, which is the lock of the schema.
        holder = random.randint(1, _HOLDERS)  # noqa: S311 - a number, not a secret
        if session.write(query("hold"), {"space": schema.LOCK_SPACE, "holder": holder})[0]["held"]:
            return holder


def _values(selection: Selection, phase: Phase) -> dict[str, object]:
    return {
        "phase": int(phase),
        "asked": list(selection.asked),
        "refresh_s": selection.refresh_s,
        "miss_s": selection.miss_s,
        **_shard(selection),
    }


def _shard(selection: Selection) -> dict[str, int]:
    return {"shard": selection.shard.number, "shards": selection.shard.total}


def _wanted(row: Row, phase: Phase) -> TrackQuery:
    known = row["spotify_id"] or _valid(row["unjudged_id"])
    return TrackQuery(
        key=row["id"],
        artist=row["artist"] or "",
        title=row["title"] or "",
        spotify_id=known,
        explicit=row["explicit"],
        priority=_PRIORITIES.get(phase, Priority.BACKFILL),
        album_id=_valid(row["album_id"]) if known else None,
    )


def _valid(id_: str | None) -> str | None:
    return id_ if id_ and _ID.fullmatch(id_) else None
