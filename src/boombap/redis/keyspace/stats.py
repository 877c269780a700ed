"""Adds up what a walk finds: memory by prefix, types, TTLs, the biggest keys, pickles. Bounded, however many keys.

One aggregator a shard of the walk, so that a shard that must begin again takes back what it had counted.
"""

from __future__ import annotations

from heapq import heappush, heapreplace

from boombap.redis.model import TTL_NAMES, TTL_STEPS, Branch, Entry, KeyspaceStats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from boombap.redis.keyspace.scan import Batch

BIGGEST = 20
EXAMPLES = 10
_CHILDREN = 50
_PREFIXES = 2000
_PICKLES_SHOWN = 20
_NO_PREFIX = b""
_OTHERS = b"*"
_KEYS, _BYTES, _WITHOUT_TTL, _PICKLED = range(4)


class Aggregator:
    """What was counted in one shard."""

    def __init__(self, db: int = 0) -> None:
        self.db = db
        self.scanned = 0
        self.measured = 0
        self.types: dict[bytes, list[int]] = {}
        self.ttls = [0] * len(TTL_NAMES)
        # By first and second part of the name: keys, bytes, without TTL, pickles.
        self.leaves: dict[bytes, dict[bytes, list[int]]] = {}
        self.biggest: list[tuple[int, bytes, str, int]] = []
        self.pickles = 0
        self.pickle_keys: list[bytes] = []
        self.examples: list[bytes] = []

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        self.scanned += batch.scanned
        self.measured += len(batch.measured)
        if len(self.examples) < EXAMPLES:
            self.examples += [one[0] for one in batch.measured[: EXAMPLES - len(self.examples)]]
        types = self.types
        smallest = self.biggest[0][0] if len(self.biggest) == BIGGEST else -1
        for key, size, kind, ttl in batch.measured:
            leaf = self._leaf(key)
            leaf[_KEYS] += 1
            leaf[_BYTES] += size
            counted = types.get(kind)
            if counted is None:
                counted = types[kind] = [0, 0]
            counted[0] += 1
            counted[1] += size
            if ttl < 0:
                leaf[_WITHOUT_TTL] += 1
                self.ttls[0] += 1
            else:
                self._add_ttl(ttl)
            if size > smallest:
                smallest = self._add_big(size, key, kind, ttl)
        for key in batch.pickles:
            self._leaf(key)[_PICKLED] += 1
            self.pickles += 1
            if len(self.pickle_keys) < _PICKLES_SHOWN:
                self.pickle_keys.append(key)

    def _leaf(self, key: bytes) -> list[int]:
        first, colon, rest = key.partition(b":")
        if colon:
            first += colon
            second, colon, _ = rest.partition(b":")
            second = second + colon if colon else _NO_PREFIX
        else:
            first = second = _NO_PREFIX
        children = self.leaves.get(first)
        if children is None:
            if len(self.leaves) >= _PREFIXES:
                first = _OTHERS
            children = self.leaves.setdefault(first, {})
        leaf = children.get(second)
        if leaf is None:
            if len(children) >= _CHILDREN:
                second = _OTHERS
            leaf = children.setdefault(second, [0, 0, 0, 0])
        return leaf

    def _add_ttl(self, ttl_ms: int) -> None:
        for at, (end_ms, _) in enumerate(TTL_STEPS, start=1):
            if ttl_ms < end_ms:
                self.ttls[at] += 1
                return
        self.ttls[-1] += 1

    def _add_big(self, size: int, key: bytes, kind: bytes, ttl: int) -> int:
        entry = (size, key, kind.decode("ascii", "replace"), ttl)
        if entry in self.biggest:  # SCAN gave it twice
            return self.biggest[0][0] if len(self.biggest) == BIGGEST else -1
        if len(self.biggest) < BIGGEST:
            heappush(self.biggest, entry)
            return -1 if len(self.biggest) < BIGGEST else self.biggest[0][0]
        heapreplace(self.biggest, entry)
        return self.biggest[0][0]

    def to_plain(self) -> dict[str, Any]:
        """Return everything in a form that JSON holds; keys byte by byte as Latin-1."""
        return {
            "db": self.db,
            "scanned": self.scanned,
            "measured": self.measured,
            "types": {_text(kind): counted for kind, counted in self.types.items()},
            "ttls": self.ttls,
            "leaves": {
                _text(first): {_text(second): leaf for second, leaf in children.items()}
                for first, children in self.leaves.items()
            },
            "biggest": [(size, _text(key), kind, ttl) for size, key, kind, ttl in self.biggest],
            "pickles": self.pickles,
            "pickle_keys": [_text(key) for key in self.pickle_keys],
            "examples": [_text(key) for key in self.examples],
        }

    @classmethod
    def from_plain(cls, plain: Any) -> Aggregator:  # noqa: ANN401 - what JSON gives
        """Return what `to_plain` gave."""
        aggregator = cls(plain["db"])
        aggregator.scanned, aggregator.measured = plain["scanned"], plain["measured"]
        aggregator.types = {_raw(kind): counted for kind, counted in plain["types"].items()}
        aggregator.ttls = plain["ttls"]
        aggregator.leaves = {
            _raw(first): {_raw(second): leaf for second, leaf in children.items()}
            for first, children in plain["leaves"].items()
        }
        aggregator.biggest = [(size, _raw(key), kind, ttl) for size, key, kind, ttl in plain["biggest"]]
        aggregator.pickles = plain["pickles"]
        aggregator.pickle_keys = [_raw(key) for key in plain["pickle_keys"]]
        aggregator.examples = [_raw(key) for key in plain["examples"]]
        return aggregator


def total(aggregators: Sequence[Aggregator], elapsed_ms: float) -> KeyspaceStats:
    """Return the sum of all shards; when only a share was measured, everything is scaled to the keys that were seen."""
    scanned, measured = sum(one.scanned for one in aggregators), sum(one.measured for one in aggregators)
    # A key that expired on the way makes a small difference too; only sampling makes a large one.
    is_estimate = measured < 0.9 * scanned
    factor = scanned / measured if is_estimate and measured else 1.0

    def scaled(number: int) -> int:
        return round(number * factor)

    branches = _branches(aggregators, factor)
    types: dict[str, tuple[int, int]] = {}
    for aggregator in aggregators:
        for kind, (keys, size) in aggregator.types.items():
            before = types.get(name := kind.decode("ascii", "replace"), (0, 0))
            types[name] = (before[0] + keys, before[1] + size)
    biggest = sorted(
        (_entry(one, aggregator.db) for aggregator in aggregators for one in aggregator.biggest), key=_by_size
    )
    databases: dict[int, int] = {}
    for aggregator in aggregators:
        databases[aggregator.db] = databases.get(aggregator.db, 0) + aggregator.scanned
    return KeyspaceStats(
        keys=scanned if is_estimate else measured,
        size_bytes=sum(branch.size_bytes for branch in branches),
        measured=measured,
        is_estimate=is_estimate,
        types={
            kind: (scaled(keys), scaled(size))
            for kind, (keys, size) in sorted(types.items(), key=lambda one: -one[1][1])
        },
        ttls={
            name: scaled(sum(aggregator.ttls[at] for aggregator in aggregators)) for at, name in enumerate(TTL_NAMES)
        },
        branches=branches,
        biggest=tuple(biggest[:BIGGEST]),
        pickles=scaled(sum(aggregator.pickles for aggregator in aggregators)),
        pickle_keys=tuple(key for aggregator in aggregators for key in aggregator.pickle_keys)[:_PICKLES_SHOWN],
        examples=tuple(key for aggregator in aggregators for key in aggregator.examples)[:EXAMPLES],
        databases=dict(sorted(databases.items())),
        elapsed_ms=elapsed_ms,
    )


def _branches(aggregators: Iterable[Aggregator], factor: float) -> tuple[Branch, ...]:
    merged: dict[bytes, dict[bytes, list[int]]] = {}
    for aggregator in aggregators:
        for first, children in aggregator.leaves.items():
            into = merged.setdefault(first, {})
            for second, leaf in children.items():
                kept = second if second in into or len(into) < _CHILDREN else _OTHERS
                into[kept] = [a + b for a, b in zip(into.get(kept, (0, 0, 0, 0)), leaf, strict=True)]
    found = []
    for first, children in merged.items():
        twigs = [_branch(first + second, leaf, factor) for second, leaf in children.items()]
        sums = [sum(leaf[at] for leaf in children.values()) for at in range(4)]
        shown = tuple(sorted(twigs, key=_by_size)) if len(twigs) > 1 else ()
        found.append(_branch(first, sums, factor, shown))
    return tuple(sorted(found, key=_by_size))


def _branch(prefix: bytes, counts: Sequence[int], factor: float, children: tuple[Branch, ...] = ()) -> Branch:
    keys, size, without_ttl, pickles = (round(number * factor) for number in counts)
    return Branch(prefix, keys, size, without_ttl, pickles, children)


def _by_size(one: Branch | Entry) -> int:
    return -one.size_bytes


def _entry(one: tuple[int, bytes, str, int], db: int) -> Entry:
    size, key, kind, ttl = one
    return Entry(key, kind, size, ttl if ttl >= 0 else None, db)


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _raw(text: str) -> bytes:
    return text.encode("latin-1")
