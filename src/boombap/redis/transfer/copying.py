"""Backup, restore and copy: keys out of one server, into a file or another one, by DUMP where that is understood."""

from __future__ import annotations

import time
from collections import Counter

from boombap.clients.redis.errors import ServerError
from boombap.errors import UsageError
from boombap.redis.model import Done
from boombap.redis.transfer.backup_contents import read_contents
from boombap.redis.transfer.reading import LARGE_BYTES, fetch
from boombap.redis.transfer.writing import MOST_FAILURES, Writer, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from boombap.clients.redis.connection import Connection
    from boombap.clients.redis.deployment import Deployment
    from boombap.redis.keyspace.shards import Keyspace
    from boombap.redis.transfer.backup_contents import Contents
    from boombap.redis.transfer.backup_file import BackupFile
    from boombap.redis.transfer.export_format import ExportedKey
    from boombap.redis.transfer.reading import Form

    Read = Callable[[int], Deployment]

_BATCH = 200


def restore(
    path: Path,
    deployments: Read,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
    is_named: bool = True,
    replaces: bool,
    skips_damaged: bool = False,
) -> Done:
    """Write a backup into a deployment; of a key that the file holds twice, the last value counts.

    Args:
        deployments: gives the deployment for a logical database.
        progress: told the keys that were read, and how many the file holds.
        db: the database that is written to; None writes each key into the database that it came from.
        is_named: whether somebody asked for that database, and the keys may come from another one.
        skips_damaged: whether of a damaged file that is restored which is whole.

    Raises:
        UsageError: when keys of several databases would be written into one.
        ConfigError: when the file is not a backup, or is damaged; nothing was written then.
    """
    begun_s = time.perf_counter()
    # The whole file is read before anything is written: a broken line must not leave half of it behind.
    contents = read_contents(path)
    contents.check(skips_damaged=skips_damaged)
    into = _targets(contents, db, is_named=is_named)
    writers = {own: Writer(deployments(to), replaces=replaces) for own, to in into.items()}
    # A key that is there is skipped without --replace, so the newest value must come first.
    items = contents.items(newest_first=not replaces)
    for seen, own, batch in _batches(items, newest_counts=replaces):
        writers[own].write(batch)
        progress(seen, contents.keys)
    done = _sum("restore", [writer.done("restore", 0, begun_s) for writer in writers.values()], contents.keys, begun_s)
    return done.replace(damages=tuple(contents.damages), damage_count=contents.damage_count)


def _targets(contents: Contents, db: int | None, *, is_named: bool) -> dict[int, int]:
    databases = contents.databases
    if db is not None and (len(databases) > 1 or (not is_named and databases - {db})):
        names = ", ".join(map(str, sorted(databases)))
        are = f"keys of database{'s' if len(databases) > 1 else ''} {names}"
        what = f"{contents.path} holds {are}, and the address names {db}"
        raise UsageError(what, hint="add --db all to write each into its own, or --db N for one of another number")
    return {own: own if db is None else db for own in sorted(databases)}


def _batches(items: Iterator[ExportedKey], *, newest_counts: bool) -> Iterator[tuple[int, int, list[ExportedKey]]]:
    """Yield items of one database in batches of bounded size, with how many were read for each.

    Args:
        newest_counts: whether of a key that comes twice in a batch the later item counts, or the earlier one.
    """
    waiting: dict[int, dict[bytes, ExportedKey]] = {}
    sizes: Counter[int] = Counter()
    for seen, item in enumerate(items, start=1):
        batch = waiting.setdefault(item.db, {})
        if newest_counts or item.key not in batch:
            batch[item.key] = item
        sizes[item.db] += size_of(item)
        if len(batch) >= _BATCH or sum(sizes.values()) >= LARGE_BYTES or item.windows is not None:
            yield seen, item.db, list(waiting.pop(item.db).values())
            del sizes[item.db]
    for own, batch in waiting.items():
        yield seen, own, list(batch.values())


def _sum(action: str, shards: Sequence[Done], seen: int, begun_s: float) -> Done:
    losses: Counter[str] = Counter()
    for shard in shards:
        losses.update(shard.losses)
    return Done(
        action,
        seen,
        sum(shard.changed for shard in shards),
        sum(shard.skipped for shard in shards),
        sum(shard.fell_back for shard in shards),
        tuple(failure for shard in shards for failure in shard.failed)[:MOST_FAILURES],
        elapsed_ms=1000 * (time.perf_counter() - begun_s),
        failed_count=sum(shard.failed_count for shard in shards),
        losses=dict(losses),
    )


def keys_of(
    keyspace: Keyspace, pattern: bytes, matches: Callable[[bytes], bool], db: int | None
) -> Iterator[tuple[Connection, int, list[bytes], int]]:
    """Walk over keys in batches: a connection to where they lie, their database, the keys, and all that there are."""
    shards = keyspace.shards(db)
    total = sum(shard.keys for shard in shards)
    for shard in shards:
        with keyspace.connected(shard) as connection:
            cursor = b"0"
            while True:
                cursor, keys = connection.call("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)
                chosen = [key for key in keys if matches(key)]
                if chosen:
                    yield connection, shard.db, chosen, total
                if cursor == b"0":
                    break


def backup(
    keyspace: Keyspace,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    file: BackupFile,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
) -> Done:
    """Write all keys that match into a file; `db` takes those of one database only."""
    begun_s = time.perf_counter()
    seen = 0
    with file:
        for connection, at, keys, total in keys_of(keyspace, pattern, matches, db):
            file.save(fetch(connection, at, keys, file.form))
            seen += len(keys)
            progress(seen, total)
    return Done(
        "backup", seen, file.items, seen - file.items - file.failed_count, failed=tuple(file.failed),
        elapsed_ms=1000 * (time.perf_counter() - begun_s), failed_count=file.failed_count, losses=dict(file.losses),
    )  # fmt: skip


def copy(
    keyspace: Keyspace,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    deployments: Read,
    progress: Callable[[int, int], None],
    *,
    db: int | None = None,
    to_db: int | None = None,
    replaces: bool,
    form: Form = "both",
) -> Done:
    """Write all keys that match into another deployment.

    Args:
        db: the database that keys are taken from; None takes them from all.
        to_db: the database that is written to; None writes each key into the database of the same number.
    """
    begun_s = time.perf_counter()
    seen = 0
    writers: dict[int, Writer] = {}
    for connection, at, keys, total in keys_of(keyspace, pattern, matches, db):
        if at not in writers:
            to = at if to_db is None else to_db
            writers[at] = Writer(deployments(to), replaces=replaces, may_dump=form != "portable")
        writers[at].write(fetch(connection, at, keys, form))
        seen += len(keys)
        progress(seen, total)
    return _sum("copy", [writer.done("copy", 0, begun_s) for writer in writers.values()], seen, begun_s)


def refuse_same_database(source: Deployment, to: Deployment, *, is_same_number: bool) -> None:
    """Refuse to copy a database onto itself, by whatever name its server is called.

    Args:
        is_same_number: whether keys are written into a database of the number that they come from.

    Raises:
        UsageError: when both are the same database of the same server.
    """
    if is_same_number and not _run_ids(source).isdisjoint(_run_ids(to)):
        what = f"--to names {to.target.address}, and that is the server and the database that keys are taken from"
        raise UsageError(what, hint="name another server, or another database of it")


def _run_ids(deployment: Deployment) -> set[object]:
    """Return what tells each master from every other server: its run id, or its address where INFO is not allowed."""
    found: set[object] = set()
    for pool in deployment.masters():
        info = pool.ask("INFO", "server")
        lines = b"" if isinstance(info, ServerError) else info
        ids = [line for line in lines.splitlines() if line.startswith(b"run_id:")]
        found.add(ids[0] if ids else pool.target.address)
    return found
