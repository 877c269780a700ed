"""Compares two servers over a pattern: what only one of them has, and what differs in type, value or time to live.

Both are scanned once, and a batch of keys is all that is held. A key that differs is looked at a second time, so that
one that was written between two questions is not taken for a difference.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from boombap.batch.fan_out import fan_out
from boombap.clients.redis.errors import ServerError
from boombap.record import Record
from boombap.redis.compare.digest import Unread, Wanted, digests, reason_of
from boombap.redis.transfer.copying import keys_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeVar

    from boombap.clients.redis.deployment import Deployment
    from boombap.redis.keyspace.shards import Keyspace

    Answer = TypeVar("Answer")

KINDS = ("only_here", "only_there", "other_type", "other_value", "other_ttl")
"""How a key may differ, in the order of the answer."""
_LENGTHS = {"string": "STRLEN", "list": "LLEN", "set": "SCARD", "hash": "HLEN", "zset": "ZCARD", "stream": "XLEN"}
# A scan may give a key twice. This many keys that differ are remembered, so that they are not counted twice.
_REMEMBERED = 200_000


class Difference(Record):
    """One key that differs.

    Attributes:
        kind: one of `KINDS`.
        here: what the first server has: a type, a length or a time to live; never a value.
        there: what the second one has.
    """

    kind: str
    key: bytes
    db: int
    to_db: int
    here: str
    there: str


class Comparison(Record):
    """What was found.

    Attributes:
        compared: the keys of the first server that were looked at.
        same: those of them that do not differ.
        counts: by kind, how many keys differ; one key may differ in value and in time to live.
        examples: some of them, at most as many of each kind as were asked for.
        failed: key, database and reason of some that could not be compared.
        is_complete: False when slots of a Cluster moved meanwhile.
    """

    compared: int
    same: int
    counts: Counter[str]
    examples: tuple[Difference, ...]
    failed: tuple[tuple[bytes, int, str], ...]
    failed_count: int
    is_complete: bool
    elapsed_ms: float

    @property
    def differs(self) -> bool:
        """Tell whether anything differs."""
        return self.counts.total() > 0


class Rules(Record):
    """What counts as a difference.

    Attributes:
        is_fast: whether types, times to live and lengths are compared only.
        ttl_tolerance_ms: by how much times to live may differ.
        rows: how many examples of each kind are kept.
    """

    is_fast: bool = False
    ttl_tolerance_ms: float = 10_000.0
    rows: int = 10


class Side(Record):
    """One of the two servers.

    Attributes:
        databases: gives the deployment of a logical database.
        db: the database that is compared; None for all of them, each with the one of the same number.
    """

    keyspace: Keyspace
    databases: Callable[[int], Deployment]
    db: int | None


def compare(
    here: Side,
    there: Side,
    pattern: bytes,
    matches: Callable[[bytes], bool],
    *,
    rules: Rules,
    progress: Callable[[int, int], None],
) -> Comparison:
    """Return how two servers differ in the keys that match."""
    started_s = time.perf_counter()
    layouts = [side.keyspace.layout() for side in (here, there)]
    tally = _Tally(rules.rows)
    for _, db, keys, total in keys_of(here.keyspace, pattern, matches, here.db):
        to_db = db if there.db is None else there.db
        _Pair(here.databases(db), there.databases(to_db), db, to_db, rules).compare(keys, tally)
        progress(tally.compared, total)
    for _, to_db, keys, _ in keys_of(there.keyspace, pattern, matches, there.db):
        db = to_db if here.db is None else here.db
        _Pair(here.databases(db), there.databases(to_db), db, to_db, rules).find_only_there(keys, tally)
    after = [side.keyspace.layout() for side in (here, there)]
    is_complete = layouts == after and not any(layout.moving for layout in after)
    return Comparison(
        compared=tally.compared,
        same=tally.same,
        counts=tally.counts,
        examples=tuple(sorted(tally.examples, key=lambda example: KINDS.index(example.kind))),
        failed=tuple(tally.failed),
        failed_count=tally.failed_count,
        is_complete=is_complete,
        elapsed_ms=1000 * (time.perf_counter() - started_s),
    )


class _Facts(Record):
    """What is known of a key without its value; a length is None for types of modules."""

    type: str
    ttl_ms: int | None
    length: int | None
    size_bytes: int | None


@dataclass(slots=True)
class _Tally:
    """What was counted so far."""

    rows: int
    compared: int = 0
    same: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    examples: list[Difference] = field(default_factory=list)
    failed: list[tuple[bytes, int, str]] = field(default_factory=list)
    failed_count: int = 0
    _remembered: set[int] = field(default_factory=set)

    def is_new(self, db: int, key: bytes) -> bool:
        """Tell whether a key that differs, or failed, was not counted yet."""
        name = hash((db, key))  # 64 bits and a secret seed: names of any length cost the same
        if name in self._remembered:
            return False
        if len(self._remembered) < _REMEMBERED:
            self._remembered.add(name)
        return True

    def add(self, difference: Difference) -> None:
        """Count a difference."""
        self.counts[difference.kind] += 1
        if self.counts[difference.kind] <= self.rows:
            self.examples.append(difference)

    def fail(self, key: bytes, db: int, reason: str) -> None:
        """Count a key that could not be compared."""
        self.failed_count += 1
        if len(self.failed) < self.rows:
            self.failed.append((key, db, reason))


@dataclass(slots=True)
class _Seen:
    """What one look at some keys found."""

    gone: set[bytes] = field(default_factory=set)
    differences: dict[bytes, list[Difference]] = field(default_factory=dict)
    failed: dict[bytes, str] = field(default_factory=dict)


class _Pair:
    """One database of each server."""

    def __init__(self, here: Deployment, there: Deployment, db: int, to_db: int, rules: Rules) -> None:
        self._here = here
        self._there = there
        self._db = db
        self._to_db = to_db
        self._rules = rules

    def compare(self, keys: Sequence[bytes], tally: _Tally) -> None:
        """Compare keys that the first server has."""
        keys = list(dict.fromkeys(keys))
        first = self._look(keys)
        doubtful = [key for key in keys if key in first.differences or key in first.failed]
        again = self._look(doubtful) if doubtful else first
        tally.compared += len(keys)
        for key in keys:
            if key not in doubtful or not (key in again.differences or key in again.failed):
                tally.same += key not in first.gone and key not in again.gone
            elif tally.is_new(self._db, key):
                for difference in again.differences.get(key, ()):
                    tally.add(difference)
                if key in again.failed:
                    tally.fail(key, self._db, again.failed[key])

    def find_only_there(self, keys: Sequence[bytes], tally: _Tally) -> None:
        """Count those of the second server's keys that the first one lacks."""
        missing = self._missing(list(dict.fromkeys(keys)), tally)
        # Asked again: a key may have come here, or gone there, since the scan.
        missing = self._missing(missing, tally) if missing else []
        replies = self._there.pipeline([("TYPE", key) for key in missing])
        for key, reply in zip(missing, replies, strict=True):
            if reply != b"none" and tally.is_new(self._db, key):
                kind = "" if isinstance(reply, ServerError) else reply.decode("ascii", "replace")
                tally.add(self._difference("only_there", key, "", kind))

    def _missing(self, keys: Sequence[bytes], tally: _Tally) -> list[bytes]:
        missing = []
        for key, reply in zip(keys, self._here.pipeline([("EXISTS", key) for key in keys]), strict=True):
            if isinstance(reply, ServerError):
                if tally.is_new(self._db, key):
                    tally.fail(key, self._db, reason_of(reply, "EXISTS"))
            elif not reply:
                missing.append(key)
        return missing

    def _look(self, keys: Sequence[bytes]) -> _Seen:
        ours, theirs = _Seen(), _Seen()
        here, there = _both(
            partial(self._facts, self._here, keys, ours), partial(self._facts, self._there, keys, theirs)
        )
        seen = _Seen(failed=ours.failed | theirs.failed)
        alike: list[bytes] = []
        for key in keys:
            if key in seen.failed:
                continue
            if key not in here:
                seen.gone.add(key)
            elif key not in there:
                seen.differences[key] = [self._difference("only_here", key, here[key].type, "")]
            else:
                differences = self._differences(key, here[key], there[key])
                if differences:
                    seen.differences[key] = differences
                if all(difference.kind == "other_ttl" for difference in differences):
                    alike.append(key)
        if not self._rules.is_fast:
            self._compare_values(alike, here, there, seen)
        return seen

    def _differences(self, key: bytes, here: _Facts, there: _Facts) -> list[Difference]:
        if here.type != there.type:
            return [self._difference("other_type", key, here.type, there.type)]
        differences = []
        if here.length != there.length:
            lengths = (_length(facts) for facts in (here, there))
            differences.append(self._difference("other_value", key, *lengths))
        if self._has_other_ttl(here.ttl_ms, there.ttl_ms):
            lives = (_life(facts.ttl_ms) for facts in (here, there))
            differences.append(self._difference("other_ttl", key, *lives))
        return differences

    def _has_other_ttl(self, here_ms: int | None, there_ms: int | None) -> bool:
        if here_ms is None or there_ms is None:
            return here_ms != there_ms
        return abs(here_ms - there_ms) > self._rules.ttl_tolerance_ms

    def _compare_values(
        self, keys: Sequence[bytes], here: dict[bytes, _Facts], there: dict[bytes, _Facts], seen: _Seen
    ) -> None:
        for key in keys:
            if here[key].length is None:
                seen.failed[key] = "a type of a module: its value was not compared"
        known = [key for key in keys if key not in seen.failed]
        ours, theirs = _both(partial(_digests, self._here, known, here), partial(_digests, self._there, known, there))
        for key in known:
            unread = next((digest for digest in (ours[key], theirs[key]) if isinstance(digest, Unread)), None)
            if unread is not None:
                seen.failed[key] = str(unread)
            elif ours[key] != theirs[key]:
                difference = self._difference("other_value", key, _length(here[key]), _length(there[key]))
                seen.differences.setdefault(key, []).append(difference)

    def _facts(self, deployment: Deployment, keys: Sequence[bytes], seen: _Seen) -> dict[bytes, _Facts]:
        """Return what is known of the keys that are there; a refusal goes into `seen`."""
        commands = (("TYPE",), ("PTTL",)) if self._rules.is_fast else (("TYPE",), ("PTTL",), ("MEMORY", "USAGE"))
        replies: list[Any] = deployment.pipeline([(*command, key) for key in keys for command in commands])
        rows = [replies[start : start + len(commands)] for start in range(0, len(replies), len(commands))]
        facts: dict[bytes, _Facts] = {}
        for key, (kind, ttl_ms, *size) in zip(keys, rows, strict=True):
            refused = [(reply, name) for reply, name in ((kind, "TYPE"), (ttl_ms, "PTTL")) if _is_error(reply)]
            if refused:
                seen.failed[key] = reason_of(*refused[0])
            elif kind != b"none":
                known = size[0] if size and isinstance(size[0], int) else None
                facts[key] = _Facts(kind.decode("ascii", "replace"), ttl_ms if ttl_ms >= 0 else None, None, known)
        return self._with_lengths(deployment, facts, seen)

    def _with_lengths(self, deployment: Deployment, facts: dict[bytes, _Facts], seen: _Seen) -> dict[bytes, _Facts]:
        known = [key for key in facts if facts[key].type in _LENGTHS]
        lengths: list[Any] = deployment.pipeline([(_LENGTHS[facts[key].type], key) for key in known])
        for key, length in zip(known, lengths, strict=True):
            if isinstance(length, ServerError):
                seen.failed[key] = reason_of(length, _LENGTHS[facts[key].type])
            elif length or facts[key].type in ("string", "stream"):
                facts[key] = facts[key].replace(length=length)
            else:
                del facts[key]  # gone since a moment ago
        return facts

    def _difference(self, kind: str, key: bytes, here: str, there: str) -> Difference:
        return Difference(kind, key, self._db, self._to_db, here, there)


def _both(here: Callable[[], Answer], there: Callable[[], Answer]) -> list[Answer]:
    """Return the answers of both servers, which are asked at the same time."""
    return fan_out([here, there], 2)


def _is_error(reply: object) -> bool:
    return isinstance(reply, ServerError)


def _digests(deployment: Deployment, keys: Iterable[bytes], facts: dict[bytes, _Facts]) -> dict[bytes, bytes | Unread]:
    known = ((key, facts[key]) for key in keys)
    return digests(deployment, [Wanted(key, own.type, own.length or 0, own.size_bytes) for key, own in known])


def _length(facts: _Facts) -> str:
    unit = "bytes" if facts.type == "string" else "elements"
    return f"{facts.type} of {facts.length:,} {unit}"


def _life(ttl_ms: int | None) -> str:
    return "no TTL" if ttl_ms is None else f"{ttl_ms} ms"
