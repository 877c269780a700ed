"""What flows through `db`: facts about the server, the numbers of the platform, checks and their answers."""

from __future__ import annotations

from types import MappingProxyType

from boombap.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any, Literal

    from boombap.health.finding import Finding, Skipped

    Part = Literal["tracks", "analyzers", "connections", "tables", "unanalyzed", "health"]
    """A part of the diagnosis."""
    Row = Mapping[str, Any]
    """One row of a result, by column name."""

QUICK: frozenset[Part] = frozenset(("tracks", "analyzers", "connections"))
FULL: frozenset[Part] = QUICK | {"tables", "unanalyzed", "health"}


class Server(Record):
    """What one short query tells about the server before any check runs.

    Attributes:
        version_num: as PostgreSQL counts, for example 180006 for 18.6.
        version: as people say it, for example ``18.6``.
        database: the connected database.
        user: the connected role.
        is_replica: whether the server is in recovery.
        can_monitor: whether the role may read everybody's statistics (superuser, or a member of pg_monitor).
        is_superuser: whether the role is a superuser.
        extensions: installed extensions and their versions.
        preloaded: the names in shared_preload_libraries.
        columns: of the team's tables that this role can see, the columns each one has.
        size_bytes: the size of the database; None without the right to connect to it.
        max_connections: the limit in force.
        stats_age_s: seconds since the statistics of this database were reset; None when they never were.
        uptime_s: seconds since the postmaster started.
        closed_extensions: extensions in a schema that this role has no USAGE on, with the schema's quoted name.
        encoding: of the database.
    """

    version_num: int
    version: str
    database: str
    user: str
    is_replica: bool
    can_monitor: bool
    is_superuser: bool
    extensions: Mapping[str, str]
    preloaded: frozenset[str]
    columns: Mapping[str, frozenset[str]]
    size_bytes: int | None
    max_connections: int
    stats_age_s: float | None
    uptime_s: float
    closed_extensions: Mapping[str, str] = MappingProxyType({})
    encoding: str = "UTF8"

    @property
    def major(self) -> int:
        """Return the major version, for example 18."""
        return self.version_num // 10000

    def has(self, table: str, *columns: str) -> bool:
        """Tell whether one of the team's tables exists and has all of `columns`."""
        return table in self.columns and self.columns[table].issuperset(columns)

    def without_usage(self, extension: str) -> str:
        """Return which right an extension's schema lacks, with its GRANT; empty when nothing is in the way."""
        schema = self.closed_extensions.get(extension)
        if schema is None:
            return ""
        return f"needs USAGE on schema {schema}: GRANT USAGE ON SCHEMA {schema} TO {self._quoted_user};"

    @property
    def hidden_rows(self) -> str:
        """Return why a table with row-level security is not counted, with the statement that lets this role see it."""
        return f"row-level security hides rows from {self.user}: ALTER ROLE {self._quoted_user} BYPASSRLS;"

    @property
    def _quoted_user(self) -> str:
        quoted = self.user.replace('"', '""')
        return f'"{quoted}"'


class Absent(Record):
    """A part that has no numbers, and why; it stands where the numbers would.

    Attributes:
        reason: one phrase for a person.
        is_failure: whether the part should have answered (a time-out, a refused statement).
        is_hidden: whether the numbers are there and this role may not see them.
    """

    reason: str
    is_failure: bool = True
    is_hidden: bool = False


class Tracks(Record):
    """How large the catalogue is.

    Attributes:
        total: rows of `tracks`.
        with_lyrics: tracks whose lyrics are not empty; None without the column.
        with_spotify: tracks with Spotify metadata; None without the column.
        artists: distinct artists; None without the column.
        latest: when the newest track was added; None without the column, or in estimates.
        is_estimate: whether the planner's statistics answered instead of the table.
    """

    total: int | None
    with_lyrics: int | None
    with_spotify: int | None
    artists: int | None
    latest: datetime | None
    is_estimate: bool = False


class Analyzer(Record):
    """How far one analyzer has come.

    Attributes:
        name: the analyzer.
        rows: its results.
        tracks: distinct tracks among them; None in estimates.
        coverage_pct: those tracks as a share of all tracks; None without a count of either.
        first: its first result.
        last: its last result.
        new_rows: results since the last snapshot; None without a snapshot.
    """

    name: str
    rows: int
    tracks: int | None
    coverage_pct: float | None
    first: datetime | None
    last: datetime | None
    new_rows: int | None = None


class Source(Record):
    """Who holds connections.

    Attributes:
        user: the role.
        application: what it calls itself.
        address: where it comes from.
        database: what it is connected to.
        sessions: how many.
    """

    user: str
    application: str
    address: str
    database: str
    sessions: int


class XminHolder(Record):
    """What keeps VACUUM from removing rows.

    Attributes:
        kind: session, replication slot or prepared transaction.
        name: its pid or name.
        age: transactions since its snapshot.
    """

    kind: str
    name: str
    age: int


class Connections(Record):
    """Who is connected to the server, this run's own sessions left out.

    Attributes:
        total: client sessions.
        limit: max_connections.
        by_state: sessions a state; ``hidden`` are those whose state this role may not see.
        sources: sessions a source, the largest first.
        oldest_transaction_s: age of the oldest open transaction; None when none is open.
        longest_query_s: run time of the longest statement; None when none runs.
        xmin: the holder of the oldest snapshot; None when nobody holds one.
    """

    total: int
    limit: int
    by_state: Mapping[str, int]
    sources: tuple[Source, ...]
    oldest_transaction_s: float | None
    longest_query_s: float | None
    xmin: XminHolder | None

    @property
    def used_pct(self) -> float:
        """Return the share of max_connections in use."""
        return 100.0 * self.total / self.limit


class Table(Record):
    """One of the team's tables as the catalogue knows it; sizes are the planner's estimates.

    Attributes:
        name: without the schema.
        exists: whether this role's search path leads to it.
        rows_estimate: None when it was never analyzed.
        heap_bytes: the table itself, without TOAST.
        index_bytes: all its indexes.
        indexes: how many.
        columns: name and type of each column.
    """

    name: str
    exists: bool
    rows_estimate: int | None
    heap_bytes: int
    index_bytes: int
    indexes: int
    columns: Mapping[str, str]


class Unanalyzed(Record):
    """Tracks that an analyzer has not seen.

    Attributes:
        analyzer: the analyzer; None for tracks that none has seen.
        total: how many.
        tracks: the newest of them as (id, artist, title).
        has_results: whether the analyzer has a result at all, or any analyzer when it is None.
    """

    analyzer: str | None
    total: int
    tracks: tuple[tuple[int, str, str], ...]
    has_results: bool = True


class Statement(Record):
    """One normalized statement of pg_stat_statements.

    Attributes:
        id: queryid.
        text: the statement with constants replaced; passwords in utility statements are hidden.
        calls: executions since the statistics began, or since the snapshot.
        total_ms: time spent in them.
        rows: rows they gave.
        hit_pct: share of shared blocks found in the cache; None when it read none.
    """

    id: str
    text: str
    calls: int
    total_ms: float
    rows: int
    hit_pct: float | None

    @property
    def mean_ms(self) -> float:
        """Return the time of one execution."""
        return self.total_ms / self.calls if self.calls else 0.0


class Blocked(Record):
    """One session in a blocking tree.

    Attributes:
        pid: its process; 0 is a prepared transaction.
        user: its role.
        application: what it calls itself.
        state: what it is doing.
        in_state_s: for how long.
        wants: the lock it waits for; empty at the root.
        query: its current or last statement, passwords hidden.
        depth: 0 at the root.
        waits_on: the pids that hold it up; several where it waits for more than one.
        remedy: the statement that would end it; only at a root.
    """

    pid: int
    user: str
    application: str
    state: str
    in_state_s: float
    wants: str
    query: str
    depth: int
    waits_on: tuple[int, ...]
    remedy: str = ""


class Health(Record):
    """What the checks said.

    Attributes:
        findings: what stands, the worst first.
        waived: what a waiver covers.
        expired: waivers that would cover a finding and no longer hold: id, subject, owner and last day.
        skipped: checks without an answer, each with its reason.
        checks: how many checks gave an answer.
    """

    findings: tuple[Finding, ...]
    waived: tuple[Finding, ...]
    expired: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    checks: int


class Diagnosis(Record):
    """Everything one run found out about one database; a part that was not asked for is None.

    Attributes:
        target: ``host:port/database``.
        name: what the person calls it.
        taken_at: UTC, ISO 8601.
        elapsed_ms: from the first connection to the last answer.
        server: the facts.
        is_pooled: whether a pooler such as PgBouncer stands between.
        engine: ``native`` or ``classic``.
    """

    target: str
    name: str
    taken_at: str
    elapsed_ms: float
    server: Server
    is_pooled: bool
    engine: str = "native"
    tracks: Tracks | Absent | None = None
    analyzers: tuple[Analyzer, ...] | Absent | None = None
    connections: Connections | Absent | None = None
    tables: tuple[Table, ...] | Absent | None = None
    unanalyzed: Unanalyzed | Absent | None = None
    health: Health | None = None

    @property
    def is_platform(self) -> bool:
        """Tell whether the role's search path leads to any of the platform's tables."""
        return bool(self.server.columns)
