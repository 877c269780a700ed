"""The walk over everything: all parts at once, each with its tally, resumed where an earlier run stopped."""

from __future__ import annotations

import threading
import time
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.redis.census import Tally, total
from boombap.redis.journal import Bookmark
from boombap.redis.pace import Pace
from boombap.redis.parts import AT_ONCE
from boombap.redis.walk import batches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boombap.clients.redis.connection import Connection
    from boombap.redis.journal import Journal
    from boombap.redis.model import Census
    from boombap.redis.parts import Field, Part
    from boombap.redis.walk import Batch

    Progress = Callable[[int, int], None]
    Walked = Callable[[Connection, int], Iterator[Batch]]

_SAVE_EVERY_S = 5.0


def survey(
    field: Field,
    pattern: bytes,
    journal: Journal,
    progress: Progress,
    *,
    db: int | None = None,
    share: float = 1.0,
) -> Census:
    """Return what all keys that match a pattern amount to.

    Args:
        journal: keeps what was counted when the run is interrupted or a server goes away; empty in the end.
        progress: told how many keys were seen, and how many there were at the beginning.
        db: one database only.
        share: of the keys that are measured.

    Raises:
        ExternalError: when a server stays away, or refuses a command.
        Interrupted: when the run was ended.
    """
    begun_s = time.perf_counter()
    parts = field.parts(db)
    tallies = {part.name: Tally(part.db) for part in parts}
    keys = sum(part.keys for part in parts)
    saved_s = [time.monotonic()]

    lock = threading.Lock()

    def walked(connection: Connection, cursor: int) -> Iterator[Batch]:
        return batches(connection, pattern, Pace(field.interrupt.sleep), cursor=cursor, share=share)

    def note(part: Part, run_id: str, batch: Batch) -> None:
        # A journal that is written now must hold a cursor and the counts up to it.
        with lock:
            tallies[part.name].add(batch)
            keep(part, run_id, batch.cursor)

    def keep(part: Part, run_id: str, cursor: int) -> None:
        journal.put(part.name, Bookmark(run_id, cursor, tallies[part.name].to_plain))
        progress(sum(tally.scanned for tally in list(tallies.values())), keys)
        if time.monotonic() - saved_s[0] > _SAVE_EVERY_S:
            saved_s[0] = time.monotonic()
            journal.write()

    try:
        fan_out(
            [partial(_walk, field, part, journal, tallies, walked, note=note) for part in parts],
            AT_ONCE,
            interrupt=field.interrupt,
        )
    except BaseException:
        journal.write()
        raise
    journal.forget()
    return total(list(tallies.values()), 1000 * (time.perf_counter() - begun_s))


def _walk(
    field: Field,
    part: Part,
    journal: Journal,
    tallies: dict[str, Tally],
    walked: Walked,
    *,
    note: Callable[[Part, str, Batch], None],
) -> None:
    def work(got_on: Callable[[], None]) -> None:
        with field.connected(part) as connection:
            run_id = life_of(connection)
            mark = journal.at(part.name, run_id)
            if mark is None:
                tallies[part.name] = Tally(part.db)
            elif isinstance(mark.kept, dict):
                tallies[part.name] = Tally.from_plain(mark.kept)
            if mark is not None and mark.cursor == 0:
                return
            for batch in walked(connection, mark.cursor if mark else 0):
                note(part, run_id, batch)
                got_on()

    field.surely(work)


def life_of(connection: Connection) -> str:
    """Return what tells one life of a server from the next; a cursor is good within one."""
    text = connection.call("INFO", "server").decode("utf-8", "replace")
    return next((line.partition(":")[2] for line in text.splitlines() if line.startswith("run_id:")), "")
