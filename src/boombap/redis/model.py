"""What flows through the tool: facts about a server, what a walk over its keys found, and plans of changes.

Keys are bytes from strangers. They stay bytes until `encode` or `report` makes them fit for a machine or a terminal.
"""

from __future__ import annotations

from types import MappingProxyType

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from boombap.health.finding import Finding, Skipped

    Judge = Callable[["NodeInfo", "Expectations"], Iterator[Finding]]

TTL_STEPS = (
    (60_000, "under 1 min"),
    (3_600_000, "under 1 h"),
    (86_400_000, "under 1 d"),
    (604_800_000, "under 7 d"),
    (2_592_000_000, "under 30 d"),
)
"""Upper ends of the TTL histogram in milliseconds, with their names."""
TTL_NAMES = ("no TTL", *(name for _, name in TTL_STEPS), "30 d and more")
"""Every column of the TTL histogram."""


class NodeInfo(Record):
    """What one node says about itself. None is what it did not tell us.

    Attributes:
        address: ``host:port`` of the node.
        product: ``Redis`` or ``Valkey``.
        info: the fields of INFO.
        commands: calls of each command since the start.
        databases: keys of each logical database.
        config: what CONFIG GET answered; None when it may not be asked.
        acl: the lines of ACL LIST; None when it may not be asked.
        slow_us: the durations in SLOWLOG, longest first; None when it may not be asked.
        cluster: the fields of CLUSTER INFO; empty for a standalone server, None when it may not be asked.
        engine: ``native`` or ``classic``.
    """

    address: str
    product: str
    version: str
    info: Mapping[str, str]
    commands: Mapping[str, int] = MappingProxyType({})
    databases: Mapping[int, int] = MappingProxyType({})
    config: Mapping[str, str] | None = None
    acl: tuple[str, ...] | None = None
    slow_us: tuple[int, ...] | None = None
    cluster: Mapping[str, str] | None = MappingProxyType({})
    engine: str = "native"

    def number(self, name: str) -> float:
        """Return a number of INFO, 0 when it is not there or no number."""
        try:
            return float(self.info.get(name, "0"))
        except ValueError:
            return 0.0

    @property
    def keys(self) -> int:
        """Return the keys of all databases."""
        return sum(self.databases.values())

    @property
    def hit_pct(self) -> float | None:
        """Return the share of reads that found their key; None before the first read."""
        hits, misses = self.number("keyspace_hits"), self.number("keyspace_misses")
        return 100 * hits / (hits + misses) if hits + misses else None


class Expectations(Record):
    """What the configuration expects of a healthy cache.

    Attributes:
        ttls: by prefix of keys, the longest life of a value in seconds.
        hit_ratio_floor: percentage of reads that should find their key.
        big_key_bytes: from which size on a key is called big.
    """

    ttls: Mapping[str, float] = MappingProxyType({})
    hit_ratio_floor: float = 80.0
    big_key_bytes: int = 1024**2


class Check(Record):
    """One question about a node.

    Attributes:
        id: snake_case; findings and waivers carry it.
        needs: the fields of NodeInfo that must not be None.
    """

    id: str
    judge: Judge
    needs: tuple[str, ...] = ()


class Health(Record):
    """What all checks said about all nodes.

    Attributes:
        expired: the waivers that would have applied, in words.
        checks: how many checks were asked.
    """

    findings: tuple[Finding, ...]
    waived: tuple[Finding, ...]
    expired: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    checks: int


class Entry(Record):
    """One key as a walk saw it.

    Attributes:
        size_bytes: with the server's overhead (MEMORY USAGE).
        ttl_ms: None without one, and where PTTL may not be asked.
        has_ttl: whether it expires; None where PTTL may not be asked.
    """

    key: bytes
    type: str
    size_bytes: int
    ttl_ms: int | None
    db: int = 0
    has_ttl: bool | None = None


class Branch(Record):
    """Names that begin alike, and the patterns among them; ``*`` stands for those that are too many to list.

    A number is None where a command that it needs may not be asked.

    Attributes:
        prefix: the names up to their first separator; of a child the whole pattern, in which ``<n>`` stands for digits,
            ``<uuid>`` and ``<id>`` for identifiers.
        without_ttl: keys that never expire.
        pickles: values that are Python pickles, or collections that hold one.
    """

    prefix: bytes
    keys: int
    size_bytes: int | None
    without_ttl: int | None
    pickles: int | None
    children: tuple[Branch, ...] = ()


class KeyspaceStats(Record):
    """What one walk over all keys found. A number is None where a command that it needs may not be asked.

    Attributes:
        is_estimate: whether only a share of the keys was measured, and the rest extrapolated.
        measured: the keys behind the numbers.
        below: the sums of all keys below each prefix that somebody configured.
        pickle_keys: some of the keys with pickles.
        suspects: strings that begin like a pickle and do not end like one.
        orphans: keys on nodes of a Cluster that do not hold their slot, which no client reaches.
        unreadable: keys that this user may not read; they are in `keys`, and in no other number.
        denied: by command, why the server did not answer it; what depends on it is not known.
        is_complete: False when slots of a Cluster moved all the while: keys may be missing, or counted twice.
        began_s: when the first part was counted, where an interrupted run was resumed; seconds since 1970.
        examples: the first keys that were seen.
        engine: ``native`` or ``classic``.
    """

    keys: int
    size_bytes: int | None
    measured: int
    is_estimate: bool
    types: Mapping[str, tuple[int, int | None]]
    ttls: Mapping[str, int | None]
    branches: tuple[Branch, ...]
    biggest: tuple[Entry, ...]
    pickles: int | None
    pickle_keys: tuple[bytes, ...]
    examples: tuple[bytes, ...]
    databases: Mapping[int, int]
    elapsed_ms: float
    below: tuple[Branch, ...] = ()
    suspects: int | None = 0
    suspect_keys: tuple[bytes, ...] = ()
    orphans: int = 0
    orphan_keys: tuple[bytes, ...] = ()
    unreadable: int = 0
    denied: Mapping[str, str] = MappingProxyType({})
    is_complete: bool = True
    began_s: float | None = None
    engine: str = "native"

    @property
    def knows_sizes(self) -> bool:
        """Tell whether MEMORY USAGE was answered, for some keys at least."""
        return "MEMORY USAGE" not in self.denied and (self.measured > 0 or not self.unreadable)

    @property
    def knows_ttls(self) -> bool:
        """Tell whether PTTL was answered, for some keys at least."""
        return "PTTL" not in self.denied and (self.measured > 0 or not self.unreadable)

    @property
    def knows_pickles(self) -> bool:
        """Tell whether parts of all values could be looked at; of a collection its size must be known for that."""
        if self.unreadable or self.denied.keys() - {"MEMORY USAGE", "PTTL"}:
            return False
        return self.knows_sizes or not self.types.keys() - {"string"}


class Plan(Record):
    """What a change would touch.

    Attributes:
        action: ``purge`` or ``expire``.
        pattern: the glob that keys must match.
        size_bytes: None where the sizes may not be asked.
        examples: some of the keys.
        databases: how many keys match in each logical database.
        is_complete: False when slots of a Cluster moved all the while.
    """

    action: str
    pattern: bytes
    keys: int
    size_bytes: int | None
    examples: tuple[bytes, ...]
    ttl_ms: int | None = None
    databases: Mapping[int, int] = MappingProxyType({})
    is_complete: bool = True


class Done(Record):
    """What a change or a transfer did.

    Attributes:
        changed: keys that were changed or written.
        skipped: keys that were gone or there already.
        fell_back: keys that needed the portable form.
        failed: keys that could not be saved or written, with the reason; at most 20 of `failed_count`.
        resumed: whether it went on where an earlier run had stopped.
        left: keys that still match, or match again, after the last lap; None for a transfer.
        orphans: keys on nodes of a Cluster that do not hold their slot; they cannot be changed there.
        is_complete: False when slots of a Cluster moved all the while.
        losses: how many keys lost what their form or the server cannot hold, by `export_format.LOSSES`.
        damages: what of a file is not whole, in words; at most 20 of `damage_count`.
    """

    action: str
    seen: int
    changed: int
    skipped: int = 0
    fell_back: int = 0
    failed: tuple[tuple[bytes, str], ...] = ()
    resumed: bool = False
    left: int | None = None
    orphans: int = 0
    is_complete: bool = True
    elapsed_ms: float = 0.0
    failed_count: int = 0
    losses: Mapping[str, int] = MappingProxyType({})
    damages: tuple[str, ...] = ()
    damage_count: int = 0


class Value(Record):
    """One key with its value made readable.

    Attributes:
        kind: ``json``, ``text``, ``pickle``, ``zstd``, ``gzip`` or ``binary`` for strings; else the type.
        shown: the value, or its first elements, ready for JSON.
        length: bytes of a string, elements of anything else; None where it may not be asked.
        size_bytes: None where it may not be asked.
        ttl_ms: None without one, and where it may not be asked.
        encoding: None where it may not be asked.
        note: what was not done, and why.
        has_ttl: whether it expires; None where that may not be asked.
        denied: by command, why the server did not answer it.
    """

    key: bytes
    type: str
    kind: str
    length: int | None
    size_bytes: int | None
    ttl_ms: int | None
    encoding: str | None
    shown: object
    note: str = ""
    has_ttl: bool | None = None
    denied: Mapping[str, str] = MappingProxyType({})
