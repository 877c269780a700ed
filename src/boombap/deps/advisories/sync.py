"""Takes the advisories of one ecosystem in: what changed since last time, or everything.

The old database stays in use until the new one is whole. One sync at a time holds the lock; who waited for it finds the
work done. A sync that is killed leaves files beside the database, which the next one overwrites.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

from boombap.deps.advisories import build, kev_epss, loss
from boombap.deps.advisories.database import Database, open_database, place
from boombap.deps.advisories.osv_record import parse
from boombap.deps.advisories.zip_archive import records
from boombap.errors import AccessDenied, BoombapError, ExternalError, NotFound, RetryLater
from boombap.filelock import lock_within
from boombap.private import make_folder
from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping
    from typing import Literal

    from boombap.deps.advisories.export_source import ExportSource, Watch
    from boombap.deps.advisories.osv_record import AdvisoryRow
    from boombap.deps.model import Source

    State = Literal["built", "updated", "current"]

_WAIT_S = 120.0
_LOOK_EVERY = 200
# One in a hundred may be broken, then the archive is: a wrong file under the right name must not pass for advisories.
_MOST_UNREADABLE = 0.01
_FEW_CHANGES = 50
_MOST_CHANGED = 0.05
_DAY_S = 86_400
# Real exports have 99 in a hundred; an archive of another ecosystem under this name has next to none.
_LEAST_ABOUT = 0.9


class Wanted(Record):
    """What a sync is to do.

    Attributes:
        folder: of the databases.
        kev: the catalogue of known exploited vulnerabilities; None without.
        epss: the list of exploitation probabilities; None without.
        is_rebuilt: whether everything is fetched and built even when nothing changed.
        is_sample: whether the records are made up for a demonstration.
        accepts_loss: whether an export may have far fewer records than the database in place; counts for a rebuild.
    """

    folder: Path
    kev: Path | None = None
    epss: Path | None = None
    is_rebuilt: bool = False
    is_sample: bool = False
    accepts_loss: bool = False


class Outcome(Record):
    """What a sync did.

    Attributes:
        state: rebuilt, updated record by record, or current already.
        changed: advisories that were taken in or dropped.
        source: the database as it is now.
    """

    state: State
    changed: int
    source: Source


class _Run(Record):
    """What every step of one sync works with."""

    ecosystem: str
    origin: ExportSource
    wanted: Wanted
    watch: Watch
    now_s: int
    path: str
    scratch: Path


def sync(
    ecosystem: str,
    origin: ExportSource,
    wanted: Wanted,
    *,
    clock: Callable[[], float],
    pause: Callable[[float], None],
    watch: Watch = lambda _step, _done: None,
) -> Outcome:
    """Bring the database of an ecosystem up to date.

    Raises:
        ExternalError: when the export cannot be had or is refused; the old database stays.
        AccessDenied: when the folder cannot be written.
        RetryLater: when another process has held the lock for two minutes.
    """
    begun_s = int(clock())
    path = place(str(wanted.folder), ecosystem)
    with _alone(path, pause) as has_waited:
        watch("locked", 0)
        run = _Run(ecosystem, origin, wanted, watch, int(clock()), path, Path(path + ".part"))
        with _known(wanted.folder, ecosystem) as old:
            is_fresh = old and run.now_s - old.source(run.now_s).age_s >= begun_s
            is_done = has_waited and is_fresh and not wanted.is_rebuilt
            state, changed = ("current", 0) if is_done else _bring_up_to_date(run, old)
    done = open_database(str(wanted.folder), ecosystem)
    assert done, "it was just published"
    try:
        return Outcome(state, changed, done.source(clock()))  # type: ignore[arg-type]  # the words are State's
    finally:
        done.close()


def _bring_up_to_date(run: _Run, old: Database | None) -> tuple[str, int]:
    make_folder(run.scratch)
    try:
        # One without a checksum is built again, whatever its source says: nobody knows what happened to it.
        if old and old.is_sealed and not run.wanted.is_rebuilt and old.fact("origin") == run.origin.label:
            changed = _changed(run, old)
            if changed is not None:
                return _update(run, old, changed)
        return _build(run, old)
    finally:
        for file in run.scratch.iterdir():
            file.unlink()
        run.scratch.rmdir()


@contextmanager
def _alone(path: str, pause: Callable[[float], None]) -> Iterator[bool]:
    """Hold the lock for the block, and tell whether somebody else held it until now."""
    try:
        make_folder(Path(path).parent)
        lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise AccessDenied(f"the folder of {path} cannot be written: {error.strerror}") from None
    try:
        waited_s = lock_within(lock, _WAIT_S, pause)
        if waited_s is None:
            raise RetryLater("another sync has been running for two minutes", retry_after_s=60)
        yield waited_s > 0
    finally:
        os.close(lock)


@contextmanager
def _known(folder: Path, ecosystem: str) -> Iterator[Database | None]:
    try:
        database = open_database(str(folder), ecosystem)
    except BoombapError:
        database = None  # damaged, or of another version: rebuilt
    try:
        yield database
    finally:
        if database:
            database.close()


def _changed(run: _Run, old: Database) -> list[str] | None:
    """Return the ids to take in, by the list of the export; None when it may not be followed, or names too many.

    A missing id withdraws nothing, because withdrawn advisories stay in an export: a list may be cut short. One that
    lacks known ids is followed only when the archive has nothing new either.
    """
    try:
        listing = run.origin.file(f"{run.ecosystem}/modified_id.csv", run.scratch, run.watch)
    except NotFound:
        return None
    most = max(_FEW_CHANGES, int(_MOST_CHANGED * old.source(run.now_s).records))
    has_all, changed = old.changed(_listed(listing), most + 1)
    if len(changed) > most or not (has_all or _has_same_archive(run, old)):
        return None
    return changed


def _listed(listing: Path) -> Iterator[tuple[str, str]]:
    with listing.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            modified, _, id_ = line.strip().partition(",")
            # The list of all ecosystems has ECOSYSTEM/ID in place of ID.
            if id_:
                yield id_.rpartition("/")[2], modified


def _has_same_archive(run: _Run, old: Database) -> bool:
    archive = run.origin.file(f"{run.ecosystem}/all.zip", run.scratch, run.watch)
    return _digest(archive) == old.fact("sha256")


def _update(run: _Run, old: Database, changed: list[str]) -> tuple[str, int]:
    exploits = _digest_of_exploits(run.wanted)
    if not changed and old.fact("exploits") == exploits:
        build.mark_checked(run.path, run.now_s, _exported_at_s(run))
        return "current", 0
    try:
        files = [run.origin.file(f"{run.ecosystem}/{id_}.json", run.scratch, run.watch) for id_ in changed]
        rows = [parse(file.read_bytes(), run.ecosystem) for file in files]
    except (NotFound, ValueError):
        return _build(run, old)
    with build.new_file(run.path + ".new", copy_of=run.path) as database:
        for row in rows:
            build.drop(database, row.id)
            build.put(database, row)
        # The archive that it was built from says less than it does now.
        _complete(run, old, database, {"exploits": exploits, "is_incremented": True})
    return "updated", len(changed)


def _build(run: _Run, old: Database | None) -> tuple[str, int]:
    archive = run.origin.file(f"{run.ecosystem}/all.zip", run.scratch, run.watch)
    digest, exploits = _digest(archive), _digest_of_exploits(run.wanted)
    run.watch("fetched", 0)
    is_same = old and _is_as_built(old, digest) and old.fact("exploits") == exploits
    if is_same and not run.wanted.is_rebuilt:
        build.mark_checked(run.path, run.now_s, _exported_at_s(run))
        return "current", 0
    with build.new_file(run.path + ".new") as database:
        read, unreadable = _read(run, archive, database, is_first=_comparable(run, old) is None)
        facts: dict[str, str | int] = {
            "sha256": digest,
            "exploits": exploits,
            "unreadable": unreadable,
            "is_sample": run.wanted.is_sample,
        }
        _complete(run, old, database, facts)
    return "built", read


def _is_as_built(old: Database, digest: str) -> bool:
    return old.is_sealed and old.fact("sha256") == digest and not old.fact("is_incremented")


def _read(run: _Run, archive: Path, database: sqlite3.Connection, *, is_first: bool) -> tuple[int, int]:
    read = unreadable = live = about = hollow = 0
    for _, text in records(archive):
        if not read % _LOOK_EVERY:
            run.watch("reading", read)
        read += 1
        try:
            row = parse(text, run.ecosystem)
        except ValueError:
            unreadable += 1
            continue
        live += not row.is_withdrawn
        about += bool(row.affected) and not row.is_withdrawn
        hollow += bool(row.affected) and not row.is_withdrawn and not _can_affect(run, row)
        build.put(database, row)
    if not read or unreadable > _MOST_UNREADABLE * read:
        what = "it holds no records" if not read else f"{unreadable} of {read} files in it are not OSV records"
        raise loss.refused(run.ecosystem, what, "the old database stays")
    if not about or about < _LEAST_ABOUT * live:
        what = f"only {about:,} of {live:,} records in it that are not withdrawn are about {run.ecosystem}"
        raise loss.refused(run.ecosystem, what, "check the source; the old database stays")
    if is_first and not _is_accepted(run):
        loss.refuse_hollow(run.ecosystem, hollow, live)
    return read, unreadable


def _can_affect(run: _Run, row: AdvisoryRow) -> bool:
    return any(loss.can_affect(run.ecosystem, ranges) for ranges, _ in row.affected.values())


def _is_accepted(run: _Run) -> bool:
    return run.wanted.is_rebuilt and run.wanted.accepts_loss


def _comparable(run: _Run, old: Database | None) -> Database | None:
    """Return the database whose advisories the new one must have; None without one, or when a loss is accepted."""
    return None if old is None or _is_accepted(run) or old.fact("is_sample") else old


def _complete(run: _Run, old: Database | None, database: sqlite3.Connection, facts: Mapping[str, str | int]) -> None:
    loss.refuse_future(run.ecosystem, database, run.now_s)
    before = _comparable(run, old)
    strayed = loss.refuse_loss(run.ecosystem, before, database) if before else ""
    run.watch("grouping", 0)
    wanted = run.wanted
    kev_date, days = kev_epss.kev(wanted.kev) if wanted.kev else ("", {})
    build.group(database, days, kev_epss.epss(wanted.epss) if wanted.epss else ())
    run.watch("checking", 0)
    stamps: dict[str, str | int] = {
        "ecosystem": run.ecosystem,
        "origin": run.origin.label,
        "built_at_s": run.now_s,
        "checked_at_s": run.now_s,
        "exported_at_s": _exported_at_s(run),
        "kev_date": kev_date,
        "epss_date": kev_epss.epss_date(wanted.epss) if wanted.epss else "",
    }
    build.finish(database, {**facts, **stamps, **loss.largest(run.ecosystem, database, before), "strayed": strayed})
    run.watch("publishing", 0)
    build.publish(run.path + ".new", run.path)
    run.watch("published", 0)


def _exported_at_s(run: _Run) -> int:
    """Return when the server wrote what it sent; 0 when it does not say, or says a time to come."""
    names = (f"{run.ecosystem}/all.zip", f"{run.ecosystem}/modified_id.csv")
    written_at_s = max(map(run.origin.written_at_s, names))
    return written_at_s if written_at_s <= run.now_s + _DAY_S else 0


def _digest_of_exploits(wanted: Wanted) -> str:
    return " ".join(_digest(path) if path else "-" for path in (wanted.kev, wanted.epss))


def _digest(path: Path) -> str:
    import hashlib

    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ExternalError(f"cannot read {path}: {error.strerror}") from None
