"""What a health check is, and what it may know beside the rows of its query."""

from __future__ import annotations

from types import MappingProxyType

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from boombap.db.model import Row, Server
    from boombap.health.finding import Finding

    Judge = Callable[[Sequence[Row], "Context"], Iterable[Finding]]
    """The pure half of a check: the rows of its query to findings."""


class Expectations(Record):
    """What the configuration says a healthy database looks like.

    Attributes:
        embedding_dimension: the dimension `tracks.lyrics_embedding` must have; None when not configured.
        coverage_floor_pct: the share of tracks every listed analyzer must have reached.
        coverage_analyzers: the analyzers that must reach the floor; empty means none is judged.
    """

    embedding_dimension: int | None = None
    coverage_floor_pct: float = 0.0
    coverage_analyzers: tuple[str, ...] = ()


class Context(Record):
    """What a judge may know beside its rows.

    Attributes:
        server: the facts.
        expected: what the configuration calls healthy.
        kept_before: the bytes of WAL that each replication slot kept at the last snapshot.
        before_s: seconds since that snapshot; 0 without one.
    """

    server: Server
    expected: Expectations
    kept_before: Mapping[str, int] = MappingProxyType({})
    before_s: float = 0.0


class Check(Record):
    """One health check: a query, what it needs, and the pure function that judges its rows.

    Attributes:
        id: snake_case; names the file ``queries/health/<id>.sql`` and, as a rule, the findings it gives.
        title: what a person reads in a list of checks.
        judge: rows and context to findings; an empty result is a healthy answer.
        needs_monitor: whether the role must be a member of pg_monitor for the rows to be complete.
        min_major: the first major version that has what the query reads.
        needs_extension: an extension that must be installed; its absence is a skip with a reason.
        calls_extension: whether the query calls a function of it, which takes USAGE on its schema.
        measured_with: an extension with which ``measured/<id>.sql`` gives better rows than an estimate.
        is_sound: tells of an estimated row whether it needs no measuring.
        needs_columns: team tables and columns that must exist; their absence is a skip with a reason.
        on_replica: whether the check makes sense on a server in recovery.
        reads_tables: whether it reads the platform's tables, and not the catalogue only; ``--fast`` leaves it out.
    """

    id: str
    title: str
    judge: Judge
    needs_monitor: bool = False
    min_major: int = 12
    needs_extension: str = ""
    calls_extension: bool = False
    measured_with: str = ""
    is_sound: Callable[[Row], bool] = bool
    needs_columns: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    on_replica: bool = True
    reads_tables: bool = False
