"""Whether memory and disk hold what they should: cache hits, and pages that hold nothing."""

from __future__ import annotations

from boombap.db.checks.check import Check
from boombap.db.checks.grade import DOCS, grade
from boombap.health.finding import Finding, Severity
from boombap.units import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from boombap.db.checks.check import Context
    from boombap.db.model import Row

# Misses in percent of the blocks asked for. pghero asks for 99 % hits; below 95 % it shows in response times, but the
# kernel's page cache may still answer, so this alone is never critical.
_MISS_INFO_PCT = 5
_MISS_WARNING_PCT = 15
# 8 GB of blocks: fewer say more about one big scan or a load than about the cache.
_ENOUGH_BLOCKS = 1_000_000
# An empty cache after a start fills within the hour.
_WARM_UP_S = 3600
# The estimate errs by up to a fifth, and a B-tree filled at random stands at 69 %: only more than half is a finding.
_WASTE_SHARE = 0.5
_DOUBT_SHARE = 0.3
_WASTE_WARNING_BYTES = 50 * 1024**2
_MEASURE = "; pgstattuple_approx() measures exactly"


def check_cache_hit(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Compare blocks found in shared buffers with blocks asked for, once the cache has had an hour to fill."""
    if context.server.uptime_s < _WARM_UP_S:
        return
    for row in rows:
        if row["blocks_asked"] < _ENOUGH_BLOCKS:
            continue
        hit_pct = 100 * row["blocks_hit"] / row["blocks_asked"]
        severity = grade(100 - hit_pct, info=_MISS_INFO_PCT, warning=_MISS_WARNING_PCT)
        if severity is not None:
            yield _cache_hit(row, hit_pct, severity, context)


def _cache_hit(row: Row, hit_pct: float, severity: Severity, context: Context) -> Finding:
    return Finding(
        "cache_hit",
        severity,
        row["subject"],
        f"{hit_pct:.1f} % of the blocks of {row['subject']} were found in shared buffers",
        {
            "hit_pct": round(hit_pct, 2),
            "blocks_asked": row["blocks_asked"],
            "blocks_hit": row["blocks_hit"],
            "stats_age_s": context.server.stats_age_s,
        },
        "raise shared_buffers towards a quarter of the memory, or read less: `boombap db slow`",
        DOCS + "runtime-config-resource.html#GUC-SHARED-BUFFERS",
    )


def check_table_bloat(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find tables more than half of which holds nothing: measured with pgstattuple, else by estimate."""
    for row in rows:
        wasted = _wasted_bytes(row)
        if wasted is None:
            continue
        yield Finding(
            "table_bloat",
            Severity.WARNING,
            row["subject"],
            f"about {format_size(wasted)} of {format_size(row['size_bytes'])} hold no rows",
            {**_evidence(row, wasted, "table_rows"), "is_measured": row["is_measured"]},
            f"-- locks the table until it is rewritten; pg_repack does not{'' if row['is_measured'] else _MEASURE}\n"
            f"VACUUM (FULL, ANALYZE, VERBOSE) {row['subject']};",
            DOCS + "routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY",
        )


def check_index_bloat(rows: Sequence[Row], context: Context) -> Iterator[Finding]:
    """Find B-tree indexes more than half of whose pages hold nothing, by estimate."""
    for row in rows:
        wasted = _wasted_bytes(row)
        if wasted is None:
            continue
        yield Finding(
            "index_bloat",
            Severity.WARNING,
            row["subject"],
            f"about {format_size(wasted)} of {format_size(row['size_bytes'])} hold no entries",
            {"table": row["table_name"], **_evidence(row, wasted, "entries")},
            f"REINDEX INDEX CONCURRENTLY {row['subject']};",
            DOCS + "routine-reindex.html",
        )


def _wasted_bytes(row: Row) -> int | None:
    """Return the bytes in vain; None when too few, absolutely or as a share, to be sure of."""
    wasted: int = row["size_bytes"] - row["needed_bytes"]
    is_much = wasted >= _WASTE_WARNING_BYTES and wasted >= _WASTE_SHARE * row["size_bytes"]
    return wasted if is_much else None


def _is_sound(row: Row) -> bool:
    """Tell whether even an estimate that errs by a fifth leaves nothing to find."""
    return bool(row["size_bytes"] - row["needed_bytes"] < _DOUBT_SHARE * row["size_bytes"])


def _evidence(row: Row, wasted: int, count: str) -> dict[str, int | float]:
    return {
        "size_bytes": row["size_bytes"],
        "wasted_bytes": wasted,
        "wasted_pct": round(100 * wasted / row["size_bytes"], 1),
        count: row[count],
    }


CHECKS: tuple[Check, ...] = (
    # A standby's cache serves other queries than the primary's; its own figures count.
    Check("cache_hit", "Cache hits of tables and indexes", check_cache_hit),
    Check("table_bloat", "Bloated tables", check_table_bloat, measured_with="pgstattuple", is_sound=_is_sound),
    Check("index_bloat", "Bloated indexes (estimate)", check_index_bloat),
)
