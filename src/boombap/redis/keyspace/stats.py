"""Adds up what a scan finds: memory by prefix, types, TTLs, the biggest keys, pickles. Bounded, however many keys.

One aggregator a shard, so that a shard that must begin again takes back what it had counted.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import heappush, heapreplace
from types import MappingProxyType

from boombap.redis.keyspace.names import fold, head, shape
from boombap.redis.model import TTL_NAMES, TTL_STEPS, Branch, Entry, KeyspaceStats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from boombap.redis.keyspace.scan import Batch

    Leaf = list[int]

BIGGEST = 20
EXAMPLES = 10
_PATTERNS_OF_A_HEAD = 200
_HEADS = 2_000
# Where names hold identifiers nearly every one has a shape of its own; the few that come again are soon known again.
_SHAPES = 1_000
_SHOWN = 20
_OTHERS = b"*"
_TTL_ENDS = [end_ms for end_ms, _ in TTL_STEPS]
_KEYS, _BYTES, _WITHOUT_TTL, _PICKLED = range(4)
_NO_TTL, _UNKNOWN_TTL = -1, -2


class Aggregator:
    """What was counted in one shard.

    Args:
        prefixes: those whose sums are wanted of everything below them, whatever patterns the names fold into.
    """

    def __init__(self, db: int = 0, prefixes: Sequence[bytes] = ()) -> None:
        self.db = db
        self.prefixes = tuple(prefixes)
        self.scanned = 0
        self.measured = 0
        self.types: dict[bytes, list[int]] = {}
        self.ttls = [0] * len(TTL_NAMES)
        # By head and by pattern of the name: keys, bytes, without TTL, pickles.
        self.heads: dict[bytes, dict[bytes, Leaf]] = {}
        self.below: dict[bytes, Leaf] = {prefix: [0, 0, 0, 0] for prefix in self.prefixes}
        self.biggest: list[tuple[int, bytes, str, int]] = []
        self.pickles = 0
        self.pickle_keys: list[bytes] = []
        self.suspects = 0
        self.suspect_keys: list[bytes] = []
        self.elsewhere = 0
        self.elsewhere_keys: list[bytes] = []
        self.unreadable = 0
        self.denied: dict[str, str] = {}
        self.examples: list[bytes] = []
        self._leaves: dict[bytes, Leaf] = {}

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        self.scanned += batch.scanned
        self.measured += len(batch.measured)
        self.unreadable += batch.unreadable
        self.denied.update(batch.denied)
        if len(self.examples) < EXAMPLES:
            self.examples += [measured[0] for measured in batch.measured[: EXAMPLES - len(self.examples)]]
        types, below, leaves, ttls = self.types, self.prefixes, self._leaves, self.ttls
        smallest = self.biggest[0][0] if len(self.biggest) == BIGGEST else -1
        for key, measured, kind, ttl in batch.measured:
            size = measured or 0
            leaf = leaves.get(shape(key)) or self._leaf(key)
            leaf[_KEYS] += 1
            leaf[_BYTES] += size
            counted = types.get(kind)
            if counted is None:
                counted = types[kind] = [0, 0]
            counted[0] += 1
            counted[1] += size
            if ttl is not None:
                leaf[_WITHOUT_TTL] += ttl < 0
                # The first column is of keys without TTL.
                ttls[0 if ttl < 0 else 1 + bisect_right(_TTL_ENDS, ttl)] += 1
            if key.startswith(below):
                self._add_below(key, size, is_lasting=ttl is not None and ttl < 0)
            if size > smallest and measured is not None:
                smallest = self._add_big(size, key, kind, _UNKNOWN_TTL if ttl is None else ttl)
        for key in batch.pickles:
            self._leaf(key)[_PICKLED] += 1
            for prefix, sums in self.below.items():
                sums[_PICKLED] += key.startswith(prefix)
        self.pickles += _noted(batch.pickles, self.pickle_keys)
        self.suspects += _noted(batch.suspects, self.suspect_keys)
        self.elsewhere += _noted(batch.elsewhere, self.elsewhere_keys)

    def _leaf(self, key: bytes) -> Leaf:
        name = shape(key)
        leaf = self._leaves.get(name)
        if leaf is None:
            if len(self._leaves) >= _SHAPES:
                self._leaves.clear()
            leaf = self._leaves[name] = self._leaf_of(fold(name))
        return leaf

    def _leaf_of(self, pattern: bytes) -> Leaf:
        first = head(pattern)
        patterns = self.heads.get(first)
        if patterns is None:
            if len(self.heads) >= _HEADS:
                first = _OTHERS
            patterns = self.heads.setdefault(first, {})
        if pattern not in patterns and len(patterns) >= _PATTERNS_OF_A_HEAD:
            pattern = first + _OTHERS if first != _OTHERS else _OTHERS
        return patterns.setdefault(pattern, [0, 0, 0, 0])

    def _add_below(self, key: bytes, size: int, *, is_lasting: bool) -> None:
        for prefix, sums in self.below.items():
            if key.startswith(prefix):
                sums[_KEYS] += 1
                sums[_BYTES] += size
                sums[_WITHOUT_TTL] += is_lasting

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
            "types": _texts(self.types),
            "ttls": self.ttls,
            "heads": {_text(first): _texts(patterns) for first, patterns in self.heads.items()},
            "below": _texts(self.below),
            "biggest": [(size, _text(key), kind, ttl) for size, key, kind, ttl in self.biggest],
            **{name: getattr(self, name) for name in _COUNTS},
            **{name: [*map(_text, getattr(self, name))] for name in _KEY_LISTS},
            "denied": self.denied,
        }

    @classmethod
    def from_plain(cls, plain: Any) -> Aggregator:  # noqa: ANN401 - what JSON gives
        """Return what `to_plain` gave.

        Raises:
            KeyError: for what an earlier version wrote, which counted by other prefixes.
        """
        aggregator = cls(plain["db"])
        aggregator.scanned, aggregator.measured = plain["scanned"], plain["measured"]
        aggregator.types, aggregator.ttls = _raws(plain["types"]), plain["ttls"]
        aggregator.heads = {_raw(first): _raws(patterns) for first, patterns in plain["heads"].items()}
        aggregator.below = _raws(plain["below"])
        aggregator.prefixes = tuple(aggregator.below)
        aggregator.biggest = [(size, _raw(key), kind, ttl) for size, key, kind, ttl in plain["biggest"]]
        for name in _COUNTS:
            setattr(aggregator, name, plain[name])
        for name in _KEY_LISTS:
            setattr(aggregator, name, [*map(_raw, plain[name])])
        aggregator.denied = plain["denied"]
        return aggregator


_COUNTS = ("pickles", "suspects", "elsewhere", "unreadable")
_KEY_LISTS = ("pickle_keys", "suspect_keys", "elsewhere_keys", "examples")


def total(
    aggregators: Sequence[Aggregator], elapsed_ms: float, *, is_complete: bool = True, began_s: float | None = None
) -> KeyspaceStats:
    """Return the sum of all shards; when only a share was measured, everything is scaled to the keys that were seen.

    Args:
        is_complete: whether no slot moved meanwhile.
        began_s: when the first part was counted, if an earlier run did, in seconds since 1970.
    """
    scanned, measured = sum(shard.scanned for shard in aggregators), sum(shard.measured for shard in aggregators)
    unreadable, elsewhere = (
        sum(shard.unreadable for shard in aggregators),
        sum(shard.elsewhere for shard in aggregators),
    )
    # A key that expired on the way makes a small difference too; only sampling makes a large one.
    is_estimate = measured + unreadable + elsewhere < 0.9 * scanned
    factor = scanned / measured if is_estimate and measured else 1.0

    def scaled(number: int) -> int:
        return round(number * factor)

    branches = _branches(aggregators, factor)
    types: dict[str, tuple[int, int]] = {}
    for aggregator in aggregators:
        for kind, (keys, size) in aggregator.types.items():
            name = kind.decode("ascii", "replace") or "unknown"
            before = types.get(name, (0, 0))
            types[name] = (before[0] + keys, before[1] + size)
    biggest = sorted((_entry(key, shard.db) for shard in aggregators for key in shard.biggest), key=_by_size)
    databases: dict[int, int] = {}
    for aggregator in aggregators:
        databases[aggregator.db] = databases.get(aggregator.db, 0) + aggregator.scanned - aggregator.elsewhere
    stats = KeyspaceStats(
        keys=scanned - elsewhere if is_estimate else measured + unreadable,
        size_bytes=sum(branch.size_bytes or 0 for branch in branches),
        measured=measured,
        is_estimate=is_estimate,
        types={
            kind: (scaled(keys), scaled(size))
            for kind, (keys, size) in sorted(types.items(), key=lambda counted: -counted[1][1])
        },
        ttls={name: scaled(sum(shard.ttls[step] for shard in aggregators)) for step, name in enumerate(TTL_NAMES)},
        branches=branches,
        below=_below(aggregators, factor),
        biggest=tuple(biggest[:BIGGEST]),
        pickles=scaled(sum(shard.pickles for shard in aggregators)),
        pickle_keys=_some_keys(aggregators, "pickle_keys"),
        suspects=scaled(sum(shard.suspects for shard in aggregators)),
        suspect_keys=_some_keys(aggregators, "suspect_keys"),
        orphans=elsewhere if is_complete else 0,
        orphan_keys=_some_keys(aggregators, "elsewhere_keys") if is_complete else (),
        unreadable=unreadable,
        denied=MappingProxyType({command: why for shard in aggregators for command, why in shard.denied.items()}),
        is_complete=is_complete,
        began_s=began_s,
        examples=_some_keys(aggregators, "examples")[:EXAMPLES],
        databases=dict(sorted(databases.items())),
        elapsed_ms=elapsed_ms,
    )
    return _without_unknown(stats) if stats.denied or stats.unreadable else stats


def _without_unknown(stats: KeyspaceStats) -> KeyspaceStats:
    """Return a scan with None in place of each number that a refused command would have given."""
    sizes, ttls, pickles = stats.knows_sizes, stats.knows_ttls, stats.knows_pickles

    def found(number: int | None) -> int | None:
        # What was found is there, however much could not be looked at.
        return number or (0 if pickles else None)

    def known(branch: Branch) -> Branch:
        return branch.replace(
            size_bytes=branch.size_bytes if sizes else None,
            without_ttl=branch.without_ttl if ttls else None,
            pickles=found(branch.pickles),
            children=tuple(map(known, branch.children)),
        )

    return stats.replace(
        size_bytes=stats.size_bytes if sizes else None,
        types={kind: (keys, size if sizes else None) for kind, (keys, size) in stats.types.items()},
        ttls=stats.ttls if ttls else dict.fromkeys(stats.ttls),
        branches=tuple(map(known, stats.branches)),
        below=tuple(map(known, stats.below)),
        pickles=found(stats.pickles),
        suspects=found(stats.suspects),
    )


def _branches(aggregators: Iterable[Aggregator], factor: float) -> tuple[Branch, ...]:
    merged: dict[bytes, dict[bytes, Leaf]] = {}
    for aggregator in aggregators:
        for first, patterns in aggregator.heads.items():
            into = merged.setdefault(first, {})
            for pattern, leaf in patterns.items():
                _add(into.setdefault(pattern, [0, 0, 0, 0]), leaf)
    branches = []
    for first, patterns in merged.items():
        twigs = [_branch(pattern, leaf, factor) for pattern, leaf in patterns.items()]
        sums = [0, 0, 0, 0]
        for leaf in patterns.values():
            _add(sums, leaf)
        branches.append(_branch(first, sums, factor, tuple(sorted(twigs, key=_by_size))))
    return tuple(sorted(branches, key=_by_size))


def _below(aggregators: Iterable[Aggregator], factor: float) -> tuple[Branch, ...]:
    merged: dict[bytes, Leaf] = {}
    for aggregator in aggregators:
        for prefix, leaf in aggregator.below.items():
            _add(merged.setdefault(prefix, [0, 0, 0, 0]), leaf)
    return tuple(_branch(prefix, leaf, factor) for prefix, leaf in merged.items())


def _add(sums: Leaf, leaf: Leaf) -> None:
    for index, number in enumerate(leaf):
        sums[index] += number


def _branch(prefix: bytes, counts: Sequence[int], factor: float, children: tuple[Branch, ...] = ()) -> Branch:
    keys, size, without_ttl, pickles = (round(number * factor) for number in counts)
    return Branch(prefix, keys, size, without_ttl, pickles, children)


def _by_size(sized: Branch | Entry) -> int:
    return -(sized.size_bytes or 0)


def _entry(counted: tuple[int, bytes, str, int], db: int) -> Entry:
    size, key, kind, ttl = counted
    has_ttl = None if ttl == _UNKNOWN_TTL else ttl != _NO_TTL
    return Entry(key, kind or "unknown", size, ttl if has_ttl else None, db, has_ttl)


def _noted(keys: Sequence[bytes], shown: list[bytes]) -> int:
    """Keep the first keys, and return how many there are."""
    if len(shown) < _SHOWN:
        shown += keys[: _SHOWN - len(shown)]
    return len(keys)


def _some_keys(aggregators: Iterable[Aggregator], name: str) -> tuple[bytes, ...]:
    return tuple(key for aggregator in aggregators for key in getattr(aggregator, name))[:_SHOWN]


def _texts(counted: Mapping[bytes, list[int]]) -> dict[str, list[int]]:
    return {_text(raw): numbers for raw, numbers in counted.items()}


def _raws(counted: Mapping[str, list[int]]) -> dict[bytes, list[int]]:
    return {_raw(text): numbers for text, numbers in counted.items()}


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def _raw(text: str) -> bytes:
    return text.encode("latin-1")
