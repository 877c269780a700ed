"""Whether a new database may take the place of the one in use: what advisories it no longer has, or has in name only.

A mirror that lost records, or what is in them, must not turn yesterday's findings into a clean audit.
"""

from __future__ import annotations

import time
from itertools import groupby
from operator import itemgetter

from boombap.deps.advisories import affected_ranges
from boombap.deps.versions.key import LOWEST, sort_key
from boombap.errors import ExternalError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from boombap.deps.advisories.database import Database
    from boombap.deps.model import AffectedRange

# Withdrawn records stay in an export, so it does not shrink. The few are for ids that were merged: of less than 60
# records a twentieth is less than three.
_MOST_LOST = 0.05
_FEW_LOST = 3
# Of six real exports two have one record without a comparable version, the others none.
_MOST_HOLLOW = 0.05
_DAY_S = 86_400
_ACCEPT = "the old database stays; when that is right, take it in with --rebuild --accept-loss"
_SAME = "SELECT a.ranges FROM advisories v JOIN affected a ON a.advisory = v.id WHERE v.name = ? AND a.package = ?"
_WITHDRAWN = "SELECT 1 FROM advisories WHERE name = ? AND is_withdrawn"


def refused(ecosystem: str, what: str, hint: str) -> ExternalError:
    """Return the error for an archive that is not taken in."""
    return ExternalError(f"all.zip of {ecosystem} is refused: {what}", hint=hint)


def refuse_hollow(ecosystem: str, hollow: int, live: int) -> None:
    """Refuse an archive in which more than a few records cannot affect any version.

    Raises:
        ExternalError: with both numbers.
    """
    if hollow > max(_FEW_LOST, _MOST_HOLLOW * live):
        what = f"{hollow:,} of {live:,} records in it that are not withdrawn affect no version"
        raise refused(ecosystem, what, _ACCEPT)


def refuse_future(ecosystem: str, database: sqlite3.Connection, now_s: float) -> None:
    """Refuse a database whose newest record is of a day that has not come: it would never grow old.

    Raises:
        ExternalError: with the time of that record.
    """
    newest = str(database.execute("SELECT max(max(modified, published)) FROM advisories").fetchone()[0] or "")
    if newest > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s + _DAY_S)):
        what = f"its newest record is of {newest[:40]!r}, which is in the future"
        raise refused(ecosystem, what, "check the source and the clock of this machine; the old database stays")


def refuse_loss(ecosystem: str, old: Database, database: sqlite3.Connection) -> str:
    """Refuse a database that lacks more than a few advisories of the one in place, or matches them no more.

    The sum counts too: of what the database ever had at most, and of what was lost under an id that was not withdrawn.

    Returns:
        What is lost so far, to be kept as the fact `strayed`: id and package in each line.

    Raises:
        ExternalError: with the numbers.
    """
    known, gone_now = _lost(ecosystem, old, database)
    strayed = _strayed(ecosystem, old.fact("strayed"), gone_now, database)
    now, peak = largest(ecosystem, database, None), _peak(old, known)
    words = "advisories of the database are missing, withdrawn, about other packages or versions, or about none in it"
    sum_words = "advisories that the database had at its largest are missing, withdrawn or about no version in it"
    gone = {name: peak[name] - now[name] for name in now}
    losses = [(len(gone_now), known, words), *((count, peak[name], sum_words) for name, count in gone.items())]
    losses.append((len(strayed), peak["most_matching"], sum_words))
    for count, before, what in losses:
        if count > max(_FEW_LOST, _MOST_LOST * before):
            raise refused(ecosystem, f"{count:,} of {before:,} {what}", _ACCEPT)
    return "\n".join(f"{name}\t{package}" for name, package in strayed.items())


def _strayed(ecosystem: str, before: str, gone: dict[str, str], database: sqlite3.Connection) -> dict[str, str]:
    """Return what was lost in earlier syncs and is not back, and what is lost now, without what is withdrawn."""
    earlier = {name: package for name, _, package in (line.partition("\t") for line in before.split("\n")) if name}
    back = set()
    for name, package in earlier.items():
        found = database.execute(_SAME, (name, package)).fetchone()
        if found and can_affect(ecosystem, str(found[0])):
            back.add(name)
    # Where it was lost first counts: what comes back leaves the place to which it had gone.
    left = {name: package for name, package in {**gone, **earlier}.items() if name not in back}
    # New advisories do not make up for these, as they do for those that are withdrawn over the years.
    return {name: package for name, package in left.items() if not database.execute(_WITHDRAWN, (name,)).fetchone()}


def largest(ecosystem: str, database: sqlite3.Connection, old: Database | None) -> dict[str, int]:
    """Return the largest numbers of records and of those that affect a version, to be kept with the database.

    Args:
        ecosystem: of the database.
        database: the new one.
        old: the one before, whose numbers count too; None for a new beginning.
    """
    records = int(database.execute("SELECT count(*) FROM advisories").fetchone()[0])
    (last,) = database.execute("SELECT max(advisory) FROM affected").fetchone()
    matching = bytearray((last or 0) + 1)  # a set of the numbers takes 80 bytes each
    for advisory, ranges in database.execute("SELECT advisory, ranges FROM affected WHERE ranges <> ''"):
        matching[advisory] = matching[advisory] or can_affect(ecosystem, str(ranges))
    before = _peak(old, 0) if old else {}
    return {
        name: max(count, before.get(name, 0))
        for name, count in (("most_records", records), ("most_matching", sum(matching)))
    }


def _peak(old: Database, matching: int) -> dict[str, int]:
    before = {"most_records": old.source(0).records, "most_matching": matching}
    return {name: max(count, int(old.fact(name) or 0)) for name, count in before.items()}


def _lost(ecosystem: str, old: Database, database: sqlite3.Connection) -> tuple[int, dict[str, str]]:
    """Return how many advisories could match something, and those that match nothing of it any more, with a package."""
    known, lost = 0, {}
    # By id and package, because other advisories do not make up for those that are lost.
    for name, rows in groupby(old.affected(), key=itemgetter(0)):
        usable = [(package, ranges) for _, package, ranges in rows if can_affect(ecosystem, ranges)]
        known += bool(usable)
        if usable and not any(_is_kept(ecosystem, database, name, package, before) for package, before in usable):
            lost[name] = usable[-1][0]
    return known, lost


def _is_kept(ecosystem: str, database: sqlite3.Connection, name: str, package: str, before: str) -> bool:
    now = database.execute(_SAME, (name, package)).fetchone()
    if not now or now[0] == before:
        return bool(now)
    return _overlap(_usable(ecosystem, before), _usable(ecosystem, str(now[0])))


def can_affect(ecosystem: str, ranges: str) -> bool:
    r"""Tell whether stored ranges hold a version that a package can have.

    >>> can_affect("PyPI", ""), can_affect("PyPI", "1\t2\t\t"), can_affect("npm", "\t!~\t\t0.0.0")
    (False, True, False)
    """
    return bool(_usable(ecosystem, ranges))


def _usable(ecosystem: str, ranges: str) -> list[AffectedRange]:
    return [run for run in affected_ranges.from_text(ranges) if not _is_hollow(ecosystem, run)]


def _is_hollow(ecosystem: str, run: AffectedRange) -> bool:
    """Tell whether a run begins below everything and ends at version 0, so that it covers next to nothing."""
    zero = sort_key(ecosystem, "0") or ""
    if run.low != LOWEST or not run.high or run.high > zero:
        return False
    # The versions of Go modules without a tag begin with 0.0.0- and a year.
    return ecosystem != "Go" or run.high == zero or run.high < (sort_key(ecosystem, "v0.0.0-1999-x") or "")


def _overlap(before: Sequence[AffectedRange], now: Sequence[AffectedRange]) -> bool:
    return any(_meet(one, other) for one in before for other in now)


def _meet(one: AffectedRange, other: AffectedRange) -> bool:
    lower, upper = (one, other) if one.low <= other.low else (other, one)
    return lower.holds(upper.low)
